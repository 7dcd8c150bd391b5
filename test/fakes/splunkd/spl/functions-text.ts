/** Eval functions of texts, and to and from numbers. */
import { createHash } from 'node:crypto';
import type { Dialect } from '../model.ts';
import { type EvalContext, isMany, numberOf, textOf, type Value } from './evaluate.ts';
import { checkLiteral, collapse, invalid, type Make, onTexts } from './functions-kit.ts';
import { compileRegex } from './regex.ts';
import { notKnown } from './value.ts';

/** Half away from zero, as C's round. */
export function roundTo(value: number, digits: number): number {
  const scale = 10 ** digits;
  const rounded = (Math.sign(value) * Math.round(Math.abs(value) * scale)) / scale;
  return Number.isFinite(rounded) ? rounded : value;
}

export function hash(algorithm: string): Make {
  return onTexts(algorithm, 1, 1, ([text = '']) => createHash(algorithm).update(text, 'utf8').digest('hex'));
}

export function trim(name: string, sides: 'left' | 'right' | 'both'): Make {
  return onTexts(name, 1, 2, ([text = '', characters]) => {
    const strip = new Set(characters ?? ' \t');
    const letters = Array.from(text);
    let from = 0;
    let to = letters.length;
    while (sides !== 'right' && from < to && strip.has(letters[from] ?? '')) from++;
    while (sides !== 'left' && to > from && strip.has(letters[to - 1] ?? '')) to--;
    return letters.slice(from, to).join('');
  });
}

export function substr([text, start, length]: readonly Value[], { dialect }: EvalContext): Value {
  const whole = textOf(text ?? null, dialect, 'substr()');
  const from = numberOf(start ?? null, dialect);
  if (whole === null || from === null) return null;
  const letters = Array.from(whole);
  const first = from > 0 ? from - 1 : Math.max(0, letters.length + from);
  const size = length === undefined ? letters.length : (numberOf(length, dialect) ?? 0);
  return letters.slice(first, first + Math.max(0, size)).join('');
}

export function like(texts: readonly string[]): Value {
  const [text = '', pattern = ''] = texts;
  const source = pattern
    .replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&')
    .replaceAll('%', '[\\s\\S]*')
    .replaceAll('_', '[\\s\\S]');
  return new RegExp(`^${source}$`, 'u').test(text);
}

export function tonumber([value, base]: readonly Value[], { dialect }: EvalContext): Value {
  if (isMany(value ?? null)) throw notKnown('tonumber() of a field with several values');
  if (base === undefined) return numberOf(value ?? null, dialect) ?? numberOf(value ?? null, dialect, true);
  const radix = numberOf(base, dialect) ?? 10;
  const text = textOf(value ?? null, dialect, 'tonumber()');
  if (text === null) return null;
  const digits = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, radix);
  const body = text.toLowerCase().replace(/^-/, '');
  if (body === '' || [...body].some((digit) => !digits.includes(digit))) return null;
  return Number.parseInt(text, radix);
}

export function tostring([value, format]: readonly Value[], { dialect }: EvalContext): Value {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  const kind = format === undefined ? null : textOf(format, dialect, 'tostring()');
  const number = numberOf(value, dialect);
  if (kind === null || number === null) return textOf(value, dialect, 'tostring()');
  if (kind === 'hex') return `0x${Math.trunc(number).toString(16).toUpperCase()}`;
  if (kind === 'commas') return roundTo(number, 2).toLocaleString('en-US', { maximumFractionDigits: 2 });
  if (kind === 'duration') return duration(Math.trunc(number));
  throw invalid('tostring');
}

function duration(seconds: number): string {
  const pad = (part: number): string => String(part).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const clock = `${pad(Math.floor((seconds % 86400) / 3600))}:${pad(Math.floor((seconds % 3600) / 60))}:${pad(seconds % 60)}`;
  return days > 0 ? `${days}+${clock}` : clock;
}

export const match: Make = (args, context) => {
  checkLiteral(args, 1);
  return onTexts('match', 2, 2, ([text = '', pattern = '']) => compileRegex(pattern).test(text))(
    args,
    context,
  );
};

export const replace: Make = (args, context) => {
  checkLiteral(args, 1);
  return onTexts('replace', 3, 3, ([text = '', pattern = '', replacement = '']) =>
    text.replace(compileRegex(pattern, 'g'), (...groups) =>
      replacement.replace(/\\(\d)/g, (_whole, digit: string) => {
        const group: unknown = groups[Number(digit)];
        return typeof group === 'string' ? group : '';
      }),
    ),
  )(args, context);
};

export function split([text = '', delimiter = '']: readonly string[], dialect: Dialect): Value {
  return collapse(delimiter === '' ? Array.from(text) : text.split(delimiter), dialect);
}
