// Moves functions of a linked program to the part that a page fetches later.
//
// wasm-split moves what is reached through the functions alone that the crate marks (src/later.rs). This marks more, in
// the program as the linker left it: each function that `isLater` names becomes such a mark, under the names that
// wasm-split knows them by. What calls it calls a stub of the same type in its place. The stub makes sure that the part
// is there (scripts/later/loader.js fetches it at once if it is not), and calls on, so what a function does stays the
// same, whenever the part comes.

import { createHash } from "node:crypto";
import {
  EXPLICIT_NAME, LOCAL, RELOC, Reader, SECTION, SYMBOL, UNDEFINED, bodiesOf, functionNames, importedTypes, list, moduleOf,
  number, padded, relocationsOf, sectionsOf, symbolsOf, text, withFunctionNames, withRelocations, withSymbols,
} from "./wasm.mjs";

/** The script from which the part's loaders are imported; wasm-split's own name for it. */
const LOADER = "./__wasm_split.js";
/** What the loader's function is called that fetches the part at once. */
export const HURRY = "hurry";
/** The exported number that the loader makes 1 when the part is there. */
export const HERE = "__later_is_here";
const PART = "later";
/** Functions that wasm-bindgen runs itself while the page is built, and can only where they are as they were compiled. */
const DESCRIBES = "__wbindgen_describe_";
/** In the names of functions of wasm-bindgen's own crate, some of which it replaces by imports. */
const BINDINGS = "12wasm_bindgen";

const OP = { if: 0x04, end: 0x0b, call: 0x10, localGet: 0x20, globalGet: 0x23, i32Const: 0x41, i32Eqz: 0x45 };
const EMPTY_BLOCK = 0x40;
const I32 = 0x7f;

/**
 * @param {Buffer} program as the linker left it, with its symbols and relocations
 * @param {(name: string) => boolean} isLater by the name that the compiler gave a function
 */
export function cut(program, isLater) {
  const sections = sectionsOf(program);
  const section = (id, name) => {
    const found = sections.find((one) => one.id === id && one.name === name);
    if (!found) throw new Error(`the program has no section ${name ?? id}`);
    return found;
  };
  const imports = section(SECTION.import);
  const code = section(SECTION.code);
  const names = functionNames(section(SECTION.custom, "name"));
  const symbols = symbolsOf(section(SECTION.custom, "linking"));
  const relocations = new Map(["reloc.CODE", "reloc.DATA"].map((name) => [name, relocationsOf(section(SECTION.custom, name))]));
  const first = importedTypes(imports).length;
  const types = new Reader(section(SECTION.function).body).list((reader) => reader.number());
  const exported = exportsOf(section(SECTION.export));
  const roots = exported.filter(({ kind }) => kind === 0);
  const kept = new Set(roots.map(({ index }) => index));
  const describing = roots.filter(({ name }) => name.startsWith(DESCRIBES)).map(({ index }) => index);
  for (const index of reachedFrom(describing, symbols, relocations.get("reloc.CODE").entries, bodiesOf(code), first)) kept.add(index);

  const marked = new Set([...names].filter(([index, name]) => index >= first && !kept.has(index) && !name.includes(BINDINGS) && isLater(name)).map(([index]) => index));
  const stubs = stubsFor(marked, symbols, relocations, bodiesOf(code), first);
  if (stubs.size === 0) return program;

  // All new imports stand behind the old ones, so every function of the program itself gets a higher number.
  const shift = stubs.size + 1;
  const moved = (index) => (index < first ? index : index + shift);
  const hurry = { index: first, symbol: symbols.length };
  const here = { index: new Reader(section(SECTION.global).body).number(), symbol: symbols.length + 1 };
  // Of its own, since only the first part can read the number.
  const ensure = { index: first + shift + types.length, symbol: symbols.length + 2 };
  const made = [...stubs.keys()].map((index, at) => ({
    at,
    // By its place: the name alone may stand for several functions.
    id: createHash("sha256").update(`${names.get(index)} ${index}`).digest("hex").slice(0, 32),
    target: index,
    type: types[index - first],
    import: { index: first + 1 + at, symbol: symbols.length + 3 + 2 * at },
    stub: { index: ensure.index + 1 + at, symbol: symbols.length + 4 + 2 * at },
  }));
  const symbolOfStub = new Map(made.map((one) => [one.target, one.stub.symbol]));

  const typeList = typesOf(section(SECTION.type));
  const nothing = typeList.length;
  const bodies = new Map();
  bodies.set(section(SECTION.type), list([...typeList.map(({ bytes }) => bytes), Buffer.from([0x60, 0, 0])]));
  bodies.set(imports, appended(imports, [
    importOf(HURRY, nothing),
    ...made.map(({ id, type }) => importOf(`__wasm_split_00${PART}00_import_${id}`, type)),
  ]));
  bodies.set(section(SECTION.function), list([...types, nothing, ...made.map(({ type }) => type)].map(number)));
  bodies.set(section(SECTION.global), appended(section(SECTION.global), [Buffer.from([I32, 1, OP.i32Const, 0, OP.end])]));
  bodies.set(section(SECTION.export), list([
    ...exported.map(({ name, kind, index }) => exportOf(name, kind, kind === 0 ? moved(index) : index)),
    exportOf(HERE, 3, here.index),
    ...made.map(({ id, target }) => exportOf(`__wasm_split_00${PART}00_export_${id}`, 0, moved(target))),
  ]));
  bodies.set(section(SECTION.element), elements(section(SECTION.element), moved));

  // Calls name functions by their numbers; table entries are numbered anew by wasm-split, which goes by the symbols.
  const old = new Reader(code.body);
  old.number();
  const oldCode = Buffer.from(old.rest());
  const count = number(types.length + 1 + made.length);
  const grown = count.length - old.at;
  const codeRelocations = relocations.get("reloc.CODE").entries;
  for (const { type, offset, symbol } of codeRelocations) {
    if (type === RELOC.functionIndex) padded(moved(symbols[symbol].index)).copy(oldCode, offset - old.at);
  }
  const starts = bodiesOf(code);
  const within = inFunctions(starts, codeRelocations, (at) => marked.has(first + at));
  const entries = codeRelocations.map((one, at) => ({ ...redirected(one, !within[at]), offset: one.offset + grown }));
  function redirected(one, isOutside) {
    const symbol = symbols[one.symbol];
    const goes = one.type === RELOC.tableIndex || one.type === RELOC.tableIndexInData || (one.type === RELOC.functionIndex && isOutside);
    return goes && symbol.kind === SYMBOL.function && symbolOfStub.has(symbol.index)
      ? { ...one, symbol: symbolOfStub.get(symbol.index) }
      : one;
  }
  let end = count.length + oldCode.length;
  const newBodies = [
    ensureBody(here, hurry),
    ...made.map((one) => stubBody(typeList[one.type].parameters, ensure, one.import)),
  ].map(({ bytes, places }) => {
    const head = number(bytes.length);
    for (const place of places) entries.push({ ...place, offset: end + head.length + place.offset, addend: Buffer.alloc(0) });
    end += head.length + bytes.length;
    return Buffer.concat([head, bytes]);
  });
  bodies.set(code, Buffer.concat([count, oldCode, ...newBodies]));

  const newSymbols = [
    ...symbols.map((one) => (one.kind === SYMBOL.function ? { ...one, index: moved(one.index) } : one)),
    symbolFor(SYMBOL.function, UNDEFINED | EXPLICIT_NAME, hurry.index, HURRY),
    symbolFor(SYMBOL.global, 0, here.index, HERE),
    symbolFor(SYMBOL.function, LOCAL, ensure.index, "later_ensure"),
    ...made.flatMap(({ id, import: { index }, stub }) => [
      symbolFor(SYMBOL.function, UNDEFINED | EXPLICIT_NAME, index, `__wasm_split_00${PART}00_import_${id}`),
      symbolFor(SYMBOL.function, LOCAL, stub.index, `later_stub_${id}`),
    ]),
  ];
  const newNames = new Map([...names].map(([index, name]) => [moved(index), name]));
  newNames.set(ensure.index, "later_ensure");
  for (const { target, stub } of made) newNames.set(stub.index, `later_stub ${names.get(target)}`);
  bodies.set(section(SECTION.custom, "linking"), withSymbols(section(SECTION.custom, "linking"), newSymbols));
  bodies.set(section(SECTION.custom, "name"), withFunctionNames(section(SECTION.custom, "name"), newNames));
  for (const [name, { target, entries: old }] of relocations) {
    const all = name === "reloc.CODE" ? entries : old.map((one) => redirected(one, true));
    bodies.set(section(SECTION.custom, name), withRelocations({ name }, target, all));
  }
  return moduleOf(program.subarray(0, 8), sections.map((one) => ({ id: one.id, body: bodies.get(one) ?? one.body })));
}

/** The marked functions that something else refers to, in the order of their numbers. */
function stubsFor(marked, symbols, relocations, bodies, first) {
  const wanted = new Set();
  for (const [name, { entries }] of relocations) {
    const within = name === "reloc.CODE" ? inFunctions(bodies, entries, (at) => marked.has(first + at)) : [];
    entries.forEach(({ type, symbol }, at) => {
      const isCall = type === RELOC.functionIndex && !within[at];
      if (!isCall && type !== RELOC.tableIndex && type !== RELOC.tableIndexInData) return;
      const { kind, index } = symbols[symbol];
      if (kind === SYMBOL.function && marked.has(index)) wanted.add(index);
    });
  }
  return new Map([...wanted].sort((a, b) => a - b).map((index) => [index, true]));
}

/** What these functions refer to, and what they call does. */
function reachedFrom(roots, symbols, entries, bodies, first) {
  const within = inFunctions(bodies, entries, (at) => first + at);
  const references = new Map();
  entries.forEach(({ type, symbol }, at) => {
    if (type !== RELOC.functionIndex && type !== RELOC.tableIndex) return;
    const from = within[at];
    if (!references.has(from)) references.set(from, []);
    references.get(from).push({ index: symbols[symbol].index, isCalled: type === RELOC.functionIndex });
  });
  const [reached, called] = [new Set(), [...roots]];
  const done = new Set(roots);
  while (called.length) {
    for (const { index, isCalled } of references.get(called.pop()) ?? []) {
      reached.add(index);
      if (!isCalled || done.has(index)) continue;
      done.add(index);
      called.push(index);
    }
  }
  return reached;
}

/** Of each relocation of the code, in the order of the entries: what `of` says of the function in which it stands. */
function inFunctions(bodies, entries, of) {
  const order = entries.map((_, at) => at).sort((a, b) => entries[a].offset - entries[b].offset);
  const within = [];
  let body = 0;
  for (const at of order) {
    while (bodies[body].end <= entries[at].offset) body += 1;
    within[at] = of(body);
  }
  return within;
}

/** Has the part fetched if it is not there. */
function ensureBody(here, hurry) {
  const body = new Body();
  // Without a relocation: wasm-split knows of those of the stack's pointer alone, and keeps the others' numbers.
  body.put(OP.globalGet, ...number(here.index));
  body.put(OP.i32Eqz, OP.if, EMPTY_BLOCK);
  body.named(OP.call, RELOC.functionIndex, hurry);
  body.put(OP.end, OP.end);
  return body;
}

/** Hands on its parameters, once the part is there. */
function stubBody(parameters, ensure, target) {
  const body = new Body();
  body.named(OP.call, RELOC.functionIndex, ensure);
  for (let at = 0; at < parameters; at += 1) body.put(OP.localGet, ...number(at));
  body.named(OP.call, RELOC.functionIndex, target);
  body.put(OP.end);
  return body;
}

/** A function's body without locals, and the places in it that depend on symbols. */
class Body {
  bytes = Buffer.from([0]);
  places = [];

  put(...bytes) {
    this.bytes = Buffer.concat([this.bytes, Buffer.from(bytes)]);
  }

  /** An instruction with the number of something that has a symbol. */
  named(op, type, { index, symbol }) {
    this.put(op);
    this.places.push({ type, symbol, offset: this.bytes.length });
    this.put(...padded(index));
  }
}

function symbolFor(kind, flags, index, name) {
  return { kind, flags, index, rest: text(name) };
}

const importOf = (name, type) => Buffer.concat([text(LOADER), text(name), Buffer.from([0]), number(type)]);
const exportOf = (name, kind, index) => Buffer.concat([text(name), Buffer.from([kind]), number(index)]);

function exportsOf({ body }) {
  return new Reader(body).list((reader) => ({ name: reader.text(), kind: reader.byte(), index: reader.number() }));
}

/** A section that is a list, with more at its end. */
function appended({ body }, more) {
  const reader = new Reader(body);
  return Buffer.concat([number(reader.number() + more.length), reader.rest(), ...more]);
}

/** Each function type's bytes, and how many parameters it has. */
function typesOf({ body }) {
  return new Reader(body).list((reader) => {
    const from = reader.at;
    if (reader.byte() !== 0x60) throw new Error("a type that is no function's is not known");
    const parameters = reader.list((reader) => reader.byte()).length;
    reader.list((reader) => reader.byte());
    return { bytes: reader.bytes.subarray(from, reader.at), parameters };
  });
}

/** The table's functions under their new numbers. Only the plain form is known: from a constant place on. */
function elements({ body }, moved) {
  return list(new Reader(body).list((reader) => {
    const from = reader.at;
    if (reader.number() !== 0 || reader.byte() !== OP.i32Const) throw new Error("this form of a table's content is not known");
    reader.raw();
    if (reader.byte() !== OP.end) throw new Error("this form of a table's place is not known");
    const head = reader.bytes.subarray(from, reader.at);
    return Buffer.concat([head, list(reader.list((reader) => number(moved(reader.number()))))]);
  }));
}
