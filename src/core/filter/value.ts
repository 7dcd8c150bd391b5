/**
 * What one value is, as text and as number: the meanings that every test of the filter language, every distinct
 * count and every group rest on.
 */
import type { Scalar } from './model.ts';

/** The one text of a value: numbers in JavaScript's shortest form (no `.0`), booleans `true`/`false`, text as it is. */
export function canonicalText(value: Scalar): string {
  return typeof value === 'string' ? value : String(value);
}

/** Lower case for ASCII letters only: the folding that every source can be held to. */
export function foldCase(text: string): string {
  if (/[\u0080-\uffff]/.test(text)) return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return text.toLowerCase();
}

/** What a text must look like to be a number in full: no blanks, no sign but a minus, no hexadecimal, no `inf`. */
export const NUMBER_TEXT = '^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$';

const numberText = new RegExp(NUMBER_TEXT);

/** The value as a finite number, also one that is held as text; null where it is none. */
export function numericValue(value: Scalar): number | null {
  if (typeof value === 'boolean') return null;
  if (typeof value === 'string' && !numberText.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** The texts that equal a number literal: `517` and `517.0`, not `0517`. */
export function numberTexts(value: number): readonly string[] {
  const text = canonicalText(value);
  return /^-?[0-9]+$/.test(text) ? [text, `${text}.0`] : [text];
}
