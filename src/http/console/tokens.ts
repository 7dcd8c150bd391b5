/**
 * The console's tokens: spacing, type, five greys and four verdict colours, light and dark. The verdict colours
 * (teal, amber, vermilion, violet) differ in lightness and along the blue–yellow axis, which red–green blindness leaves.
 */
export const TOKENS = `
:root {
  color-scheme: light dark;
  --s1: 4px; --s2: 8px; --s3: 12px; --s4: 16px; --s5: 24px; --s6: 40px;
  --small: 0.8125rem; --body: 0.9375rem; --large: 1.125rem; --huge: 1.5rem;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;

  --paper: #ffffff; --panel: #f5f6f7; --line: #d8dbdf; --muted: #5b626b; --ink: #16191d;
  --on-target: #00684f; --at-risk: #7d5200; --off-target: #b02a10; --unknown: #6a3fa6;
  --on-fill: #ffffff;
  --on-target-tint: #dff1ea; --at-risk-tint: #fbeccb; --off-target-tint: #fbe4de; --unknown-tint: #eee6f8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --panel: #1d2125; --line: #363c43; --muted: #a3abb5; --ink: #eceff2;
    --on-target: #4fcba6; --at-risk: #f0b94a; --off-target: #ff8d70; --unknown: #c5a3ff;
    --on-fill: #14171a;
    --on-target-tint: #17342c; --at-risk-tint: #3a2f16; --off-target-tint: #43231b; --unknown-tint: #2e2542;
  }
}
`;
