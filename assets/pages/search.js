// Tasks found by words: by the beginning of any word that is told of them, or by all of a name.

/** @typedef {{id: string, title: string, sentence: string, tags: string[], also: string[]}} Task */
/** @typedef {{words: string[], names: string[]}} Told what a task is found by: words, and names without blanks */

const ENOUGH = 4;  // letters of a word in which one may be wrong

/** @param {string} text */
const split = (text) =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean);

/** @param {Task} task @returns {Told} */
function told({id, title, sentence, tags, also}) {
  const texts = [id, title, sentence, ...tags, ...also];
  const names = [id, title, ...tags, ...also].map((text) => split(text).join(""));
  return {words: [...texts.flatMap(split), ...names], names};
}

// Whether one letter more, less, other or swapped makes a word the beginning of another.
/** @param {string} word @param {string} other */
export function nearly(word, other) {
  let at = 0;
  while (at < word.length && word[at] === other[at]) at += 1;
  const [rest, left] = [word.slice(at), other.slice(at)];
  return left.startsWith(rest.slice(1)) || left.slice(1).startsWith(rest) || left.slice(1).startsWith(rest.slice(1))
    || (rest[0] === left[1] && rest[1] === left[0] && left.slice(2).startsWith(rest.slice(2)));
}

/**
 * The tasks that a text is about: those of that name first. A word that nothing has may have one wrong letter.
 * @template {Task} Kind
 * @param {string} text
 * @param {Kind[]} tasks
 * @returns {Kind[]}
 */
export function found(text, tasks) {
  const wanted = split(text);
  if (!wanted.length) return tasks;
  const all = tasks.map((task) => ({task, ...told(task)}));
  const name = wanted.join("");
  const named = all.filter(({names}) => names.some((other) => other.includes(name)));
  let left = all;
  for (const word of wanted) {
    const has = (/** @type {Told} */ {words}) => words.some((other) => other.startsWith(word));
    const near = (/** @type {Told} */ {words}) => words.some((other) => nearly(word, other));
    left = left.filter(word.length < ENOUGH || all.some(has) ? has : near);
  }
  return [...new Set([...named, ...left])].map(({task}) => task);
}
