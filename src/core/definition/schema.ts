/**
 * What a person writes in a KPI definition (design: docs/reference/definition.md). It checks the shape and nothing
 * else: durations, filters and formulas stay text here and get their meaning in `parse.ts`.
 * Every field has a description, since editors show them (`clause9 schema`) and error messages use them as help.
 */
import { z } from 'zod';
import { measureSchema } from './schema-measures.ts';
import { count, date, duration, id, map, text, texts } from './schema-words.ts';

const requirement = map(
  text('What the KPI is evidence for, by kind: objective, policy, sla, clause …'),
).describe(
  'The requirement that the KPI is evidence for, e.g. {objective: OBJ-4, policy: "POL-IAM 3.2"}. A breach is judged against it.',
);

const person = (what: string) => text(`${what} A key of "people" in the configuration.`).optional();

const roles = z
  .strictObject({
    owner: person('Answers for the number being on target.'),
    collector: person('Sees to it that the data arrive (clause 9.1 d).'),
    analyst: person('Looks at the results and judges them (clause 9.1 f).'),
    approver: person('Approves the definition and its targets.'),
    customer: person('Needs the information.'),
  })
  .describe('Who does what, as keys of "people" in the configuration.');

const window = z
  .union([
    z.strictObject({
      rolling: duration('Length of the window, e.g. 24h or 30d.'),
      every: duration('How far the window moves each time, e.g. 1h.'),
    }),
    z.strictObject({
      calendar: z
        .enum(['day', 'week', 'month', 'quarter', 'year'])
        .describe('day, week (from Monday), month, quarter or year.'),
      timeZone: text('IANA time zone of the calendar, e.g. Europe/Oslo or UTC.'),
    }),
  ])
  .describe(
    'The interval the KPI speaks about: {rolling: 24h, every: 1h} or {calendar: month, timeZone: Europe/Oslo}.',
  );

const target = z
  .strictObject({
    from: date('First day this target is in force.'),
    until: date('Last day this target is in force.').optional(),
    onTarget: text('When a value is on target: "<= 5", ">= 95", "between 3 and 5".'),
    atRisk: text('When a value that is not on target is only at risk: "<= 8".').optional(),
    for: map(text('Value of the group field.'))
      .describe('Narrows the target to a group: {user.domain: ADMIN}. The fields must stand in groupBy.')
      .optional(),
  })
  .describe('A target with the day it comes into force.');

const benchmark = z
  .union([
    z.strictObject({
      historic: z
        .enum(['previous-window', 'previous-year'])
        .describe("The KPI's own value one window or one year earlier."),
    }),
    z.strictObject({
      historic: z
        .strictObject({ meanOfLast: count('How many windows before this one.', 1, 1000) })
        .describe("The mean of the KPI's last N windows."),
    }),
    z.strictObject({
      industry: z.number().describe('The published figure.'),
      unit: text("Unit of the figure; the KPI's own where the two are to be compared."),
      source: text('Who published it, and where.'),
      year: count('Year the figure speaks about.', 1990, 2100),
      comparability: z
        .enum(['A', 'B', 'C', 'D'])
        .describe(
          'A: same measure, same kind of organisation. B: same measure. C: similar measure. D: for orientation only.',
        ),
    }),
  ])
  .describe(
    '{historic: previous-window}, {historic: previous-year}, {historic: {meanOfLast: 6}} or {industry: 4.1, unit, source, year, comparability}.',
  );

const nonconformity = z
  .strictObject({
    raise: z
      .strictObject({
        offTarget: count('How many windows must be off target.', 1, 1000),
        of: count('Of how many last windows; the same number where it is left out.', 1, 1000).optional(),
        overlapping: z.boolean().describe('Count windows that overlap too. Default: false.').optional(),
      })
      .describe('When a nonconformity is proposed: {offTarget: 3, of: 4}.'),
    clear: z
      .strictObject({ onTarget: count('How many windows in a row must be on target.', 1, 1000) })
      .describe('When it is over; default: as many as "offTarget".')
      .optional(),
    unknownFor: count('Raise it as well after so many unknown windows in a row.', 1, 10_000).optional(),
    grade: z.enum(['minor', 'major']).describe('minor or major. Default: minor.').optional(),
    confirm: z.boolean().describe('A person confirms before anything follows. Default: true.').optional(),
  })
  .describe('When falling short becomes a nonconformity (clause 10.2).');

const correctiveAction = z
  .strictObject({
    dueIn: duration('Time for the corrective action, e.g. 14d.'),
    ticket: text('Ticket target of the configuration.').optional(),
    effectiveness: z
      .strictObject({
        onTarget: count('How many windows must be on target.', 1, 1000),
        of: count('Of how many windows that begin after the action was done.', 1, 1000),
        within: duration('Decided at the latest this long after the action was done.'),
      })
      .describe('What shows that the action worked: {onTarget: 3, of: 3, within: 28d}.')
      .optional(),
    mustNotWorsen: texts('KPIs that must not get worse by it.').optional(),
  })
  .describe('What follows a nonconformity.');

const share = (what: string) =>
  z
    .union([z.number(), z.string()])
    .describe(`Share of a window's slices that may be ${what}, e.g. 1%.`)
    .optional();

const tolerate = z
  .strictObject({ missing: share('missing'), partial: share('partial'), silent: share('silent') })
  .describe(
    'How much of a window may be unreadable without spoiling its verdict, e.g. {missing: 1%}. Default: nothing.',
  );

const exclusion = z
  .strictObject({
    start: text('Begin, as 2026-03-01T22:00:00Z.'),
    end: text('End (no longer part of it), as 2026-03-02T04:00:00Z.'),
    reason: text('Why this time does not count.'),
    approver: text('Who approved it.'),
  })
  .describe('A planned exception such as maintenance: counted and shown, but left out of the value.');

export const kpiSchema = z
  .strictObject({
    id: id('Name of the KPI, never changed: small letters, digits and hyphens.'),
    title: text('What people read: one line.'),
    informationNeed: text('The question that the KPI answers.').optional(),
    status: z
      .enum(['draft', 'active', 'retired'])
      .describe('draft raises nothing; retired is only kept. Default: active.')
      .optional(),
    headline: z.boolean().describe("In the digest's first table. Default: false.").optional(),
    controls: texts('ISO/IEC 27002:2022 controls, e.g. ["A.8.5"]; "8.5" is taken too.').optional(),
    requirement: requirement.optional(),
    roles: roles.optional(),
    approved: z
      .strictObject({ by: text('A key of "people".'), on: date('Day of the approval.') })
      .describe('Who approved this definition, and when.')
      .optional(),
    review: z
      .strictObject({ every: duration('How often the analyst looks at it and signs a note, e.g. 90d.') })
      .describe('When the results are analysed (clause 9.1 e).')
      .optional(),
    labels: map(text('A word for routing and filtering.'))
      .describe('Free labels for routing, e.g. {team: iam}.')
      .optional(),
    runbook: text('What to do: the address of a page, or a sentence or two.').optional(),
    unit: text(
      'Unit of the value: percent, hours, count … Default: the unit of the only measure.',
    ).optional(),
    direction: z
      .enum(['higher-is-better', 'lower-is-better', 'within-range'])
      .describe('Which way is better. Default: what the targets say.')
      .optional(),
    measures: map(measureSchema).describe('What is counted or computed, by a name that the formula uses.'),
    formula: text(
      'CEL over the names of the measures, each a double: 100.0 * failed / all. Needed with more than one measure.',
    ).optional(),
    groupBy: texts('Fields whose values split the KPI into groups.').optional(),
    maxGroups: count('With more groups than this the KPI is unknown. Default: 100.', 1, 10_000).optional(),
    rollup: z
      .enum(['total', 'worst'])
      .describe("The KPI's own verdict: from the total, or the worst group's. Default: total.")
      .optional(),
    window,
    minimumSample: z
      .strictObject({
        measure: text('Name of the measure whose events or records are counted.'),
        atLeast: count('With fewer than this the verdict is unknown (small sample).', 1, 1_000_000_000),
      })
      .describe('The smallest sample that supports a verdict: {measure: all, atLeast: 50}.')
      .optional(),
    targets: z.array(target).max(1000).describe('Targets, each in force from its day on.').optional(),
    benchmarks: z.array(benchmark).max(50).describe('What the value is compared with.').optional(),
    nonconformity: nonconformity.optional(),
    correctiveAction: correctiveAction.optional(),
    shownWith: texts(
      'KPIs to show beside this one, so that nobody improves one at the cost of another.',
    ).optional(),
    tolerate: tolerate.optional(),
    exclusions: z.array(exclusion).max(1000).describe('Planned exceptions.').optional(),
    activeFrom: text(
      'Windows that end before this day or instant raise and deliver nothing. Default: when it was first loaded.',
    ).optional(),
    continues: z
      .string()
      .regex(
        /^[0-9a-f]{32}$/,
        'must be a measurement hash\n`clause9 explain` shows it: 32 hexadecimal digits.',
      )
      .describe('The measurement hash that this definition carries on: windows may mix slices of both.')
      .optional(),
  })
  .describe('A KPI definition of clause9: one file, one KPI.');

/** A definition as written, all shapes checked. */
export type WrittenKpi = z.infer<typeof kpiSchema>;

/** The same with every section optional, and null for an item: what is left when the broken ones are taken out. */
export const kpiSectionsSchema = kpiSchema.partial().extend({
  targets: z.array(target.nullable()).optional(),
  exclusions: z.array(exclusion.nullable()).optional(),
});
export type WrittenSections = z.infer<typeof kpiSectionsSchema>;
