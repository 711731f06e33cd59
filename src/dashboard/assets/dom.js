/** Small helpers. Text only ever becomes text: nothing here writes HTML. */
export const byId = id => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === 'class') made.className = value;
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter(child => child !== undefined && child !== null));
  return made;
}

/** Rows as a table; a column is [title, row → text or node, options]. */
export function table(caption, columns, rows) {
  const head = columns.map(([title, , { number } = {}]) =>
    element('th', { scope: 'col', class: number ? 'number' : '' }, title),
  );
  const body = rows.map(row =>
    element(
      'tr',
      {},
      ...columns.map(([, cell, { number, bad, nowrap } = {}]) =>
        element(
          'td',
          { class: [number && 'number', bad?.(row) && 'bad', nowrap && 'nowrap'].filter(Boolean).join(' ') },
          cell(row) ?? '',
        ),
      ),
    ),
  );
  return element(
    'table',
    { 'aria-label': caption },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...body),
  );
}

/** A container that scrolls sideways on a phone must be reachable by keyboard there; a button that had the focus keeps it. */
export function fill(container, label, ...children) {
  const focused = container.contains(document.activeElement) && document.activeElement.getAttribute('aria-label');
  container.replaceChildren(...children);
  if (focused) container.querySelector(`button[aria-label="${CSS.escape(focused)}"]`)?.focus();
  if (container.classList.contains('scroll') && container.scrollWidth > container.clientWidth) {
    container.tabIndex = 0;
    container.setAttribute('role', 'region');
    container.setAttribute('aria-label', `${label}, a table that scrolls`);
  } else {
    for (const name of ['tabindex', 'role', 'aria-label']) container.removeAttribute(name);
  }
}

const whole = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 0 });
export const group = value => whole.format(value);
export const percent = share => `${new Intl.NumberFormat('en-IN', { maximumFractionDigits: 2 }).format(share * 100)} %`;
export const rupees = text => new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR' }).format(text);
const clock = new Intl.DateTimeFormat('en-IN', { dateStyle: 'medium', timeStyle: 'short' });
export const time = value => (value === null || value === undefined ? '' : clock.format(new Date(value)));

const seconds = new Intl.DateTimeFormat('en-IN', { timeStyle: 'medium' });
export const timeOfDay = value => seconds.format(new Date(value));

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
