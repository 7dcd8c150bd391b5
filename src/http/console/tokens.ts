/**
 * The console's tokens: spacing, type, five greys and four verdict colours, light and dark. The verdict colours
 * (teal, amber, red, violet) differ in lightness too, so that no kind of colour blindness takes two for one.
 */
export const TOKENS = `
:root {
  color-scheme: light dark;
  --s1: 4px; --s2: 8px; --s3: 12px; --s4: 16px; --s5: 24px; --s6: 40px;
  --small: 0.8125rem; --body: 0.9375rem; --large: 1.125rem; --huge: 1.5rem;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;

  --paper: #ffffff; --panel: #f5f6f7; --line: #d8dbdf; --muted: #5b626b; --ink: #16191d;
  --on-target: #00756d; --at-risk: #9a5b00; --off-target: #8a1212; --unknown: #7a44b4;
  --on-fill: #ffffff;
  --on-target-tint: #dff1ea; --at-risk-tint: #fbeccb; --off-target-tint: #fbe4de; --unknown-tint: #eee6f8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --panel: #1d2125; --line: #363c43; --muted: #a3abb5; --ink: #eceff2;
    --on-target: #7fe0cf; --at-risk: #f7c948; --off-target: #ff7a6b; --unknown: #b594ff;
    --on-fill: #14171a;
    --on-target-tint: #17342c; --at-risk-tint: #3a2f16; --off-target-tint: #43231b; --unknown-tint: #2e2542;
  }
}
`;
