/** A text as far as `length` UTF-16 units take it. A character of two units is not cut in half: half of one is no text, and receivers refuse it. */
export const cutText = (text: string, length: number): string => text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
