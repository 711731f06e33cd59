import { byId, element } from './dom.js';
import { rupees } from './format.js';

const SPENDS = ['Amazon', 'Flipkart', 'Myntra', 'Ajio', 'Grocery', 'All confirmed'];

/** A user as the server answers it, or a sentence. */
export function showUser(answer) {
  if (typeof answer === 'string') {
    byId('user').replaceChildren(element('p', { class: 'error' }, answer));
    return;
  }
  const { userId, status, error, spending, cards, note } = answer;
  const spends = spending.map((amount, i) =>
    element('div', {}, element('dt', {}, SPENDS[i]), element('dd', {}, amount === null ? 'not known' : rupees(amount))),
  );
  byId('user').replaceChildren(
    element('h3', {}, `${userId} is ${status}${error === null ? '' : `: ${error}`}`),
    element('p', { class: 'quiet' }, 'Spends a month'),
    element('dl', { class: 'figures small' }, ...spends),
    element('h3', {}, cards.length === 0 ? 'No cards yet' : 'Cards, by what they are worth a year'),
    ...(note === undefined ? [] : [element('p', { class: 'quiet' }, note)]),
    ...cards.map(cardDetails),
  );
}

function cardDetails({ rank, name, net, steps }) {
  const lines = steps.flatMap(([what, how]) => [element('dt', {}, what), element('dd', {}, how)]);
  return element(
    'details',
    { open: rank === 1 },
    element('summary', {}, `${rank}. ${name}`, element('span', { class: 'net' }, rupees(net))),
    element('dl', { class: 'steps' }, ...lines),
  );
}
