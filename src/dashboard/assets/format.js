/** Numbers, amounts and times as text. All pure: the tests ask them without a browser. */
const whole = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 0 });
export const group = value => whole.format(value);

/** No more digits than a reader needs: 37 %, 1.4 %, 0.03 %. */
export function percent(share, digits = 1) {
  const value = share * 100;
  const options =
    value >= 10
      ? { maximumFractionDigits: digits - 1 }
      : value >= 1
        ? { maximumFractionDigits: digits }
        : { maximumSignificantDigits: digits };
  return `${new Intl.NumberFormat('en-IN', options).format(value)} %`;
}

/** A limit as it was set: not rounded to another one. */
export const limitText = share =>
  `${new Intl.NumberFormat('en-IN', { maximumSignificantDigits: 4 }).format(share * 100)} %`;

/** A rate with enough digits that one above its limit does not look the same. */
export function percentAbove(rate, limit) {
  for (let digits = 1; digits <= 4; digits++) {
    const text = percent(rate, digits);
    if (rate === limit || text !== limitText(limit)) return text;
  }
  return percent(rate, 5);
}

/** 0.03 % (limit 0.1 %) */
export const rateText = (rate, limit) => `${percentAbove(rate, limit)} (limit ${limitText(limit)})`;

export const rupees = text => new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR' }).format(text);

/** Never below zero: a clock that is ahead of another makes no time negative. */
export function duration(seconds) {
  const long = Math.max(0, seconds);
  if (long < 10) return `${long.toFixed(1)} s`;
  if (long < 60) return `${Math.round(long)} s`;
  if (long < 3600) return `${Math.floor(long / 60)} min ${Math.floor(long % 60)} s`;
  if (long < 2 * 86_400) return `${Math.floor(long / 3600)} h ${Math.floor((long % 3600) / 60)} min`;
  return `${Math.floor(long / 86_400)} days`;
}

/** A time that is still to come, without digits that would only flicker. */
export function about(seconds) {
  const long = Math.max(0, seconds);
  if (long < 90) return `${Math.ceil(long / 5) * 5} s`;
  if (long < 5_400) return `${Math.round(long / 60)} min`;
  return `${(long / 3600).toFixed(1)} h`;
}

/** From the faster to the slower of both speeds; once where both say the same. */
export function leftText(left) {
  if (left === null) return 'not known yet';
  const [low, high] = [about(left.low), about(left.high)];
  return low === high ? low : `${low} to ${high}`;
}

const clock = new Intl.DateTimeFormat('en-IN', { dateStyle: 'medium', timeStyle: 'short' });
const missing = value => value === null || value === undefined;
export const time = value => (missing(value) ? '' : clock.format(new Date(value)));

const seconds = new Intl.DateTimeFormat('en-IN', { timeStyle: 'medium' });
export const timeOfDay = value => (missing(value) ? '' : seconds.format(new Date(value)));
const minutes = new Intl.DateTimeFormat('en-IN', { timeStyle: 'short' });
/** The hour alone where it is of this day. */
export const soon = (value, now) =>
  new Date(value).toDateString() === new Date(now).toDateString() ? hourOf(value) : time(value);
export const hourOf = value => minutes.format(new Date(value));

/** The zone of every time on the page: Asia/Kolkata (GMT+5:30). */
export function zone() {
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone.replace('Calcutta', 'Kolkata'); // browsers keep the old name
  const parts = new Intl.DateTimeFormat('en-IN', { timeZoneName: 'shortOffset' }).formatToParts(new Date());
  const offset = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return offset === timeZone ? timeZone : `${timeZone} (${offset})`;
}

export const decided = ({ completed, failed, changed, gone }) => completed + failed + changed + gone;
export const failedShare = run => (decided(run) === 0 ? 0 : run.failed / decided(run));
