// JavaScript's values, written down for the module.

/** More of a text is not looked at: no request may be as long. */
const LONGEST_TEXT = 65536;

/**
 * Writes a value down as numbers, each part behind a number that says what it is: convert.rs reads
 * them. Nesting beyond `depth` is not looked at, and no more of an object than `width` fields; of a
 * list one more, so that a longer one is seen to be longer.
 */
export const flatten = (value, depth, width) => {
  const numbers = [];
  const text = (text) => {
    const characters = [...text.slice(0, LONGEST_TEXT)];
    numbers.push(characters.length);
    for (const character of characters) numbers.push(character.codePointAt(0));
  };
  const write = (value, depth) => {
    const type = typeof value;
    if (value == null) numbers.push(0);
    else if (type === "boolean") numbers.push(1, value);
    else if (type === "number") numbers.push(2, value);
    else if (type === "string") {
      numbers.push(3);
      text(value);
    } else if (type !== "object" || !depth) numbers.push(6);
    else if (Array.isArray(value)) {
      const list = value.slice(0, width + 1);
      numbers.push(4, list.length);
      for (const element of list) write(element, depth - 1);
    } else {
      const fields = Object.entries(value).slice(0, width);
      numbers.push(5, fields.length);
      for (const [name, field] of fields) {
        text(name);
        write(field, depth - 1);
      }
    }
  };
  write(value, depth);
  return numbers;
};
