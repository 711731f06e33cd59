/** After what time a cap or a milestone begins anew. */
export const PERIODS = ['month', 'quarter', 'half_year', 'year'] as const;
export type Period = (typeof PERIODS)[number];

/** How many months each period has. */
export const MONTHS: Readonly<Record<Period, number>> = { month: 1, quarter: 3, half_year: 6, year: 12 };
