// Converts values of the page to numbers, which convert.rs reads, so that a whole value needs one call over the
// module's boundary.

import { BOOL, LIST, MAP, MOST_TEXTS, NULL, NUMBER, TEXT, UNREAD } from "./codes.gen.js";

/**
 * Writes a value as numbers. Each part follows a number for its type. It reads at most `depth` levels, `longest`
 * characters of a text and `width` fields of an object. Of a list it reads one element more, so that convert.rs can
 * tell that the list is too long. Throws if there is more to read than `MOST_TEXTS` of the longest texts have.
 */
export const flatten = (value, depth, width, longest = Infinity) => {
  const numbers = [];
  const text = (text) => {
    const characters = [...text.slice(0, longest)];
    numbers.push(characters.length);
    for (const character of characters) numbers.push(character.codePointAt(0));
  };
  const write = (value, depth) => {
    if (numbers.length > longest * MOST_TEXTS) throw new Error("too many values");
    const type = typeof value;
    if (value == null) numbers.push(NULL);
    else if (type === "boolean") numbers.push(BOOL, value);
    else if (type === "number") numbers.push(NUMBER, value);
    else if (type === "string") {
      numbers.push(TEXT);
      text(value);
    } else if (type !== "object" || !depth) numbers.push(UNREAD);
    else if (Array.isArray(value)) {
      const list = value.slice(0, width + 1);
      numbers.push(LIST, list.length);
      for (const element of list) write(element, depth - 1);
    } else {
      const fields = Object.entries(value).slice(0, width);
      numbers.push(MAP, fields.length);
      for (const [name, field] of fields) {
        text(name);
        write(field, depth - 1);
      }
    }
  };
  write(value, depth);
  return numbers;
};
