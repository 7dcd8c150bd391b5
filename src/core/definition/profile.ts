/** What ISO/IEC 27001:2022 clause 9.1 asks of a measurement, letter by letter, and a definition still lacks. In our own words. */
import type { KpiDefinition } from './model.ts';
import { atKey, type Path, type Problem, warning } from './problem.ts';

interface Demand {
  readonly letter: 'a' | 'b' | 'd' | 'e' | 'f';
  /** The key that would answer it. */
  readonly key: string;
  readonly lacks: (definition: KpiDefinition) => boolean;
  readonly message: string;
  readonly help: string;
}

/** Letter c (when to measure) needs no line: a definition without a window is refused. */
const DEMANDS: readonly Demand[] = [
  {
    letter: 'a',
    key: 'informationNeed',
    lacks: ({ informationNeed }) => informationNeed === null,
    message: 'what needs to be known is not said',
    help: 'Add `informationNeed`: the question that the KPI answers.',
  },
  {
    letter: 'a',
    key: 'controls',
    lacks: ({ controls, requirement }) => controls.length === 0 && requirement === null,
    message: 'the process or control that is measured is not named',
    help: 'Add `controls` or `requirement`.',
  },
  {
    letter: 'b',
    key: 'targets',
    lacks: ({ targets }) => targets.length === 0,
    message: 'nothing says how a value is evaluated',
    help: 'Add `targets`.',
  },
  {
    letter: 'b',
    key: 'minimumSample',
    lacks: ({ minimumSample, formula }) => minimumSample === null && formula.includes('/'),
    message: 'nothing keeps a ratio of very few cases from being judged',
    help: 'Add `minimumSample`.',
  },
  {
    letter: 'b',
    key: 'approved',
    lacks: ({ approved }) => approved === null,
    message: 'nobody has approved the method, so results of different times may not compare',
    help: 'Add `approved: {by, on}`.',
  },
  {
    letter: 'd',
    key: 'roles',
    lacks: ({ roles }) => roles.collector === undefined,
    message: 'nobody is named who monitors and measures',
    help: 'Add `roles.collector`.',
  },
  {
    letter: 'e',
    key: 'review',
    lacks: ({ reviewEveryMs }) => reviewEveryMs === null,
    message: 'nothing says when the results are analysed',
    help: 'Add `review: {every: 90d}`.',
  },
  {
    letter: 'f',
    key: 'roles',
    lacks: ({ roles }) => roles.analyst === undefined,
    message: 'nobody is named who analyses and evaluates',
    help: 'Add `roles.analyst`.',
  },
];

/** What a KPI still lacks, each as a warning `iso27001-9.1x` at the key that would answer it. */
export function lacksForIso27001(definition: KpiDefinition): Problem[] {
  return DEMANDS.filter(({ lacks }) => lacks(definition)).map(({ letter, key, message, help }) => {
    const path: Path = [key];
    return atKey(warning(`iso27001-9.1${letter}`, path, `9.1 ${letter}: ${message}`, help));
  });
}
