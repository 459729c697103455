// Reads and writes the parts of a wasm file that the cut (cut.mjs) needs: sections, functions, names, and what the
// linker leaves with --emit-relocs: its table of symbols, and the places that depend on them. The format is described in
// https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md.

export const SECTION = { custom: 0, type: 1, import: 2, function: 3, global: 6, export: 7, element: 9, code: 10 };
export const SYMBOL = { function: 0, data: 1, global: 2, section: 3 };
export const RELOC = { functionIndex: 0, tableIndex: 1, tableIndexInData: 2, globalIndex: 7 };
export const UNDEFINED = 0x10;
export const EXPLICIT_NAME = 0x40;
export const LOCAL = 0x02;
const SYMBOL_TABLE = 8;
const FUNCTION_NAMES = 1;
/** Relocations that add a number to the symbol's value. */
const WITH_ADDEND = new Set([3, 4, 5, 8, 9, 11, 14, 15, 16, 17, 21, 22, 23, 25]);

/** Reads numbers and texts from a buffer, one after the other. */
export class Reader {
  constructor(bytes, at = 0, end = bytes.length) {
    Object.assign(this, { bytes, at, end });
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number. */
  number() {
    let [value, factor, byte] = [0, 1, 0];
    do {
      byte = this.byte();
      value += (byte & 0x7f) * factor;
      factor *= 128;
    } while (byte & 0x80);
    return value;
  }

  /** The bytes of a LEB128 number, of either sign. */
  raw() {
    const from = this.at;
    while (this.byte() & 0x80);
    return this.bytes.subarray(from, this.at);
  }

  text() {
    const length = this.number();
    this.at += length;
    return this.bytes.toString("utf8", this.at - length, this.at);
  }

  /** As many as the number that stands here says. */
  list(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }

  rest() {
    return this.bytes.subarray(this.at, this.end);
  }
}

export function number(value) {
  const bytes = [];
  do {
    const low = value % 128;
    value = Math.floor(value / 128);
    bytes.push(value ? low | 0x80 : low);
  } while (value);
  return Buffer.from(bytes);
}

export function text(value) {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}

export const list = (parts) => Buffer.concat([number(parts.length), ...parts]);

/** The same in the five bytes that the linker leaves for it, so that nothing behind it moves. */
export function padded(value) {
  return Buffer.from([0, 7, 14, 21, 28].map((shift) => ((value >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0)));
}

/** The sections of a module: `{ id, name, start, body }`; `start` is where the body begins in the file. */
export function sectionsOf(module) {
  const reader = new Reader(module, 8);
  const sections = [];
  while (reader.at < module.length) {
    const [id, length] = [reader.byte(), reader.number()];
    const body = module.subarray(reader.at, reader.at + length);
    const name = id === SECTION.custom ? new Reader(body).text() : undefined;
    sections.push({ id, name, start: reader.at, body });
    reader.at += length;
  }
  return sections;
}

export function moduleOf(header, sections) {
  return Buffer.concat([header, ...sections.flatMap(({ id, body }) => [Buffer.from([id]), number(body.length), body])]);
}

/** A reader behind a custom section's name. */
export function inside({ body }) {
  const reader = new Reader(body);
  reader.text();
  return reader;
}

export const custom = (name, ...parts) => Buffer.concat([text(name), ...parts]);

/** The imported functions' types, in order. */
export function importedTypes({ body }) {
  const types = [];
  const limits = (reader) => {
    const flags = reader.byte();
    reader.number();
    if (flags & 1) reader.number();
  };
  const skip = [
    (reader) => types.push(reader.number()),
    (reader) => {
      reader.byte();
      limits(reader);
    },
    limits,
    (reader) => reader.at += 2,
  ];
  new Reader(body).list((reader) => {
    reader.text();
    reader.text();
    const kind = reader.byte();
    if (!skip[kind]) throw new Error(`an import of kind ${kind} is not known`);
    skip[kind](reader);
  });
  return types;
}

/** Where the bodies of the code section stand in it. */
export function bodiesOf({ body }) {
  return new Reader(body).list((reader) => {
    const length = reader.number();
    const start = reader.at;
    reader.at += length;
    return { start, end: reader.at };
  });
}

/** The parts of a `linking` or `name` section: `{ id, body }`. */
export function partsOf(reader) {
  const parts = [];
  while (reader.at < reader.end) {
    const id = reader.byte();
    const length = reader.number();
    parts.push({ id, body: reader.bytes.subarray(reader.at, reader.at + length) });
    reader.at += length;
  }
  return parts;
}

export const part = (id, body) => Buffer.concat([Buffer.from([id]), number(body.length), body]);

/** The functions' names, by their numbers. */
export function functionNames(section) {
  const found = partsOf(inside(section)).find(({ id }) => id === FUNCTION_NAMES);
  return new Map(found ? new Reader(found.body).list((reader) => [reader.number(), reader.text()]) : []);
}

/** The `name` section with other function names. */
export function withFunctionNames(section, names) {
  const rows = [...names].sort(([a], [b]) => a - b).map(([index, name]) => Buffer.concat([number(index), text(name)]));
  const parts = partsOf(inside(section)).filter(({ id }) => id !== FUNCTION_NAMES);
  // They stand in the order of their ids.
  const all = [...parts, { id: FUNCTION_NAMES, body: list(rows) }].sort((a, b) => a.id - b.id);
  return custom("name", ...all.map(({ id, body }) => part(id, body)));
}

/** The linker's table of symbols. `rest` is what follows a symbol's kind, flags and number. */
export function symbolsOf(section) {
  const reader = inside(section);
  reader.number();
  const table = partsOf(reader).find(({ id }) => id === SYMBOL_TABLE);
  if (!table) throw new Error("the program has no table of symbols: link it with --emit-relocs");
  return new Reader(table.body).list((reader) => {
    const [kind, flags] = [reader.byte(), reader.number()];
    if (kind === SYMBOL.data) {
      const from = reader.at;
      reader.text();
      if (!(flags & UNDEFINED)) [0, 1, 2].forEach(() => reader.number());
      return { kind, flags, rest: reader.bytes.subarray(from, reader.at) };
    }
    const index = reader.number();
    const from = reader.at;
    if (kind !== SYMBOL.section && (!(flags & UNDEFINED) || flags & EXPLICIT_NAME)) reader.text();
    return { kind, flags, index, rest: reader.bytes.subarray(from, reader.at) };
  });
}

export function withSymbols(section, symbols) {
  const rows = symbols.map(({ kind, flags, index, rest }) =>
    Buffer.concat([Buffer.from([kind]), number(flags), index === undefined ? Buffer.alloc(0) : number(index), rest]));
  const reader = inside(section);
  const version = reader.number();
  const parts = partsOf(reader).map(({ id, body }) => part(id, id === SYMBOL_TABLE ? list(rows) : body));
  return custom("linking", number(version), ...parts);
}

/** The places in a section that depend on symbols: `{ type, offset, symbol, addend }`. */
export function relocationsOf(section) {
  const reader = inside(section);
  const target = reader.number();
  const entries = reader.list((reader) => {
    const [type, offset, symbol] = [reader.byte(), reader.number(), reader.number()];
    return { type, offset, symbol, addend: WITH_ADDEND.has(type) ? reader.raw() : Buffer.alloc(0) };
  });
  return { target, entries };
}

export function withRelocations({ name }, target, entries) {
  const rows = entries.map(({ type, offset, symbol, addend }) =>
    Buffer.concat([Buffer.from([type]), number(offset), number(symbol), addend]));
  return custom(name, number(target), list(rows));
}
