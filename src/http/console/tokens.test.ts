import { describe, expect, it } from 'vitest';
import { TOKENS } from './tokens.ts';

type Rgb = readonly [number, number, number];

const [LIGHT = '', DARK = ''] = TOKENS.split('@media');
const linear = (channel: number): number =>
  channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;

/** A token's colour in linear light. */
function colour(theme: string, name: string): Rgb {
  const hex = new RegExp(`--${name}: #(..)(..)(..)`).exec(theme);
  const channel = (index: number): number => linear(Number.parseInt(hex?.[index] ?? '', 16) / 255);
  return [channel(1), channel(2), channel(3)];
}

const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** WCAG 2.2, "contrast ratio". */
function contrast(a: Rgb, b: Rgb): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** Machado, Oliveira, Fernandes 2009: what dichromats see, as matrices over linear light. */
const SIGHT = {
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const;

function seen(matrix: readonly number[], [r, g, b]: Rgb): Rgb {
  const row = (at: number): number =>
    Math.min(Math.max((matrix[at] ?? 0) * r + (matrix[at + 1] ?? 0) * g + (matrix[at + 2] ?? 0) * b, 0), 1);
  return [row(0), row(3), row(6)];
}

/** CIE 1976 colour difference, D65. */
function difference(a: Rgb, b: Rgb): number {
  const lab = ([r, g, b_]: Rgb): Rgb => {
    const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
    const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b_) / 0.95047);
    const y = f(luminance([r, g, b_]));
    const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b_) / 1.08883);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const [p, q] = [lab(a), lab(b)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

const VERDICTS = ['on-target', 'at-risk', 'off-target', 'unknown'] as const;
const THEMES = [
  ['light', LIGHT],
  ['dark', DARK],
] as const;

describe.each(THEMES)('the %s colours', (_name, theme) => {
  it.each([
    ['ink', 'paper'],
    ['muted', 'paper'],
    ['muted', 'panel'],
    ['ink', 'unknown-tint'],
    ['ink', 'off-target-tint'],
    ['muted', 'on-target-tint'],
    ['muted', 'at-risk-tint'],
    ['on-fill', 'off-target'],
    ['on-fill', 'unknown'],
    ['on-target', 'paper'],
    ['on-target', 'on-target-tint'],
    ['at-risk', 'at-risk-tint'],
    ['unknown', 'paper'],
    ['unknown', 'unknown-tint'],
  ])('let %s be read on %s', (text, ground) => {
    expect(contrast(colour(theme, text), colour(theme, ground))).toBeGreaterThan(4.5);
  });

  it.each(Object.entries(SIGHT))('tell verdicts apart under %s', (_kind, matrix) => {
    for (const a of VERDICTS)
      for (const b of VERDICTS)
        if (a < b) {
          const apart = difference(seen(matrix, colour(theme, a)), seen(matrix, colour(theme, b)));
          expect([a, b, apart > 20]).toEqual([a, b, true]);
        }
  });
});
