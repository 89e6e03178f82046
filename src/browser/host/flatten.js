// Values of the page as numbers, which convert.rs reads: one call over the module's boundary for a whole value.

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
