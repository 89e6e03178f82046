// Values of the page as numbers, which convert.rs reads: one call over the module's boundary for a whole value.

import { BOOL, LIST, MAP, NULL, NUMBER, TEXT, UNREAD } from "./codes.gen.js";

/**
 * Writes a value down as numbers, each part after a number that says what it is. It reads nothing that is nested deeper than `depth`, `longest`
 * characters of a text, `width` fields of an object, and one element more of a list, so that convert.rs can tell that the list is too long.
 */
export const flatten = (value, depth, width, longest = Infinity) => {
  const numbers = [];
  const text = (text) => {
    const characters = [...text.slice(0, longest)];
    numbers.push(characters.length);
    for (const character of characters) numbers.push(character.codePointAt(0));
  };
  const write = (value, depth) => {
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
