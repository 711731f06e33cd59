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

/** Sets a text where it is another one: what a screen reader follows is not told twice. */
export function say(id, text) {
  const node = byId(id);
  if (node.textContent !== text) node.textContent = text;
}

const SVG = 'http://www.w3.org/2000/svg';
const ICONS = {
  idle: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8 12h8',
  work: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M10 8.5v7l5.5-3.5z',
  good: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8 12.5l3 3 5.5-6.5',
  held: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M10 9v6M14 9v6',
  warn: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.2',
  bad: 'M8 3h8l5 5v8l-5 5H8l-5-5V8zM9 9l6 6M15 9l-6 6',
};

/** The shape differs with the level, too: a colour alone does not reach everybody. */
export function iconOf(level) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[level]);
  svg.append(path);
  return svg;
}

const TAB = { idle: '#6b7684', work: '#1d5fc4', good: '#1c7d50', held: '#8a5a00', warn: '#b35c00', bad: '#c22a2f' };

/** The tab's own icon: the same shape, in the same colour. */
export function tabIcon(level) {
  const svg = `<svg xmlns="${SVG}" viewBox="0 0 24 24"><path d="${ICONS[level]}" fill="none" stroke="${TAB[level]}" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  const href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  if (byId('icon').getAttribute('href') !== href) byId('icon').setAttribute('href', href);
}

/**
 * Rows as a table; a column is [title, row → text or node, options]. On a phone a row is a card: each cell has its title with it, and the roles are
 * said, because a browser forgets them where a table is laid out as something else.
 */
export function table(caption, columns, rows) {
  const head = columns.map(([title, , { number } = {}]) =>
    element('th', { scope: 'col', role: 'columnheader', class: number ? 'number' : '' }, title),
  );
  const body = rows.map(row =>
    element(
      'tr',
      { role: 'row' },
      ...columns.map(([title, cell, { number, bad, nowrap } = {}]) =>
        element(
          'td',
          {
            role: 'cell',
            'data-label': title,
            class: [number && 'number', bad?.(row) && 'bad', nowrap && 'nowrap'].filter(Boolean).join(' '),
          },
          element('span', {}, cell(row) ?? ''),
        ),
      ),
    ),
  );
  return element(
    'table',
    { role: 'table', 'aria-label': caption },
    element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, ...head)),
    element('tbody', { role: 'rowgroup' }, ...body),
  );
}

export const nothing = text => element('p', { class: 'quiet' }, text);

/** A button or link that had the focus keeps it when its list is made anew. */
export function fill(container, ...children) {
  const active = document.activeElement;
  const name = container.contains(active) ? active.getAttribute('aria-label') : null;
  container.replaceChildren(...children);
  if (name !== null) container.querySelector(`[aria-label="${CSS.escape(name)}"]`)?.focus();
}
