/**
 * Targets of issue 3: bounds, and figures with a verdict as text and as JSON.
 *
 * @module
 */

export interface Target {
  readonly relation: '>=' | '<=';
  readonly bound: number;
}

export const atMost = (bound: number): Target => ({ relation: '<=', bound });
export const atLeast = (bound: number): Target => ({ relation: '>=', bound });

export const meets = (value: number, { relation, bound }: Target): boolean =>
  relation === '>=' ? value >= bound : value <= bound;

export const formatTarget = ({ relation, bound }: Target): string =>
  `${relation} ${Number.isInteger(bound) ? bound : bound.toPrecision(3)}`;

/** The two cells of a table: the bound, and whether it is met. */
export const targetCells = (value: number, target: Target | undefined): readonly [string, string] =>
  target === undefined ? ['', ''] : [formatTarget(target), meets(value, target) ? 'met' : 'NOT met'];

/** The cell of a stretch target. */
export const stretchCell = (value: number, stretch: Target | undefined): string =>
  stretch === undefined ? '' : `${formatTarget(stretch)}${meets(value, stretch) ? ', met' : ''}`;

/** Figures that have a target and miss it. */
export const countUnmet = (
  figures: readonly { readonly value: number; readonly target: Target | undefined }[],
): number => figures.filter(({ value, target }) => target !== undefined && !meets(value, target)).length;

/** As `--json` prints a figure. */
export const targetJson = (figure: string, value: number, unit: string, target: Target | undefined) => ({
  figure,
  value: Number(value.toPrecision(6)),
  target: target === undefined ? null : formatTarget(target),
  met: target === undefined ? null : meets(value, target),
  unit,
});

/** A figure with a stretch target is printed twice, the second time against that. */
export const targetLines = (
  figure: string,
  value: number,
  unit: string,
  { target, stretch }: { readonly target?: Target | undefined; readonly stretch?: Target | undefined },
) => [
  targetJson(figure, value, unit, target),
  ...(stretch === undefined ? [] : [targetJson(`${figure}, stretch`, value, unit, stretch)]),
];
