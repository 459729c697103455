// Reads the names that the compiler gives functions, in both of its schemes: the older one, which ends in a number that
// tells the copies of a generic function apart, and v0 (https://doc.rust-lang.org/rustc/symbol-mangling/v0.html), of which
// what changes with each compiler is left out: the crates' own numbers, and those of closures and impls.

const BASIC = {
  a: "i8", b: "bool", c: "char", d: "f64", e: "str", f: "f32", h: "u8", i: "isize", j: "usize", l: "i32", m: "u32", n: "i128",
  o: "u128", p: "_", s: "i16", t: "u16", u: "()", v: "...", x: "i64", y: "u64", z: "!",
};

/** How the older scheme writes what a linker may not take in a name. */
const ESCAPED = { SP: "@", BP: "*", RF: "&", LT: "<", GT: ">", LP: "(", RP: ")", C: "," };

/** The parts of a name of the older scheme, the number last. */
function parts(name) {
  const found = [];
  let at = 3;
  while (name[at] !== "E") {
    const [digits] = /^\d+/.exec(name.slice(at)) ?? [""];
    if (!digits) throw new Error("no length");
    const from = at + digits.length;
    at = from + Number(digits);
    found.push(name.slice(from, at));
  }
  return found.map((part) => part.replace(/^_(?=\$)/, "").replace(/\$(\w+)\$/g, escaped).replaceAll("..", "::"));
}

function escaped(whole, code) {
  return ESCAPED[code] ?? (/^u[0-9a-f]+$/.test(code) ? String.fromCodePoint(parseInt(code.slice(1), 16)) : whole);
}

/** The name in the form of the language; the name itself where it is of neither scheme. */
export function demangled(name) {
  if (name.startsWith("_ZN")) {
    try {
      return parts(name).join("::");
    } catch {
      return name;
    }
  }
  if (!name.startsWith("_R")) return name;
  try {
    return new Mangled(name.slice(2)).path();
  } catch {
    return name;
  }
}

class Mangled {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  take(letter) {
    const is = this.text[this.at] === letter;
    if (is) this.at += 1;
    return is;
  }

  next() {
    if (this.at >= this.text.length) throw new Error("the name ends early");
    return this.text[this.at++];
  }

  base62() {
    const end = this.text.indexOf("_", this.at);
    const digits = this.text.slice(this.at, end);
    this.at = end + 1;
    const value = (letter) => "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".indexOf(letter);
    return digits === "" ? 0 : [...digits].reduce((sum, letter) => sum * 62 + value(letter), 0) + 1;
  }

  /** What stands at an earlier place. */
  back(read) {
    const place = this.base62();
    const here = this.at;
    this.at = place;
    const found = read();
    this.at = here;
    return found;
  }

  identifier() {
    if (this.take("s")) this.base62();
    this.take("u");
    const [digits] = /^\d+/.exec(this.text.slice(this.at)) ?? [""];
    if (!digits) throw new Error("no identifier");
    this.at += digits.length;
    this.take("_");
    this.at += Number(digits);
    return this.text.slice(this.at - Number(digits), this.at);
  }

  /** As many as there are before the letter E. */
  until(read) {
    const found = [];
    while (!this.take("E")) found.push(read());
    return found;
  }

  path() {
    switch (this.next()) {
      case "C":
        return this.identifier();
      case "M":
        this.implPath();
        return `<${this.type()}>`;
      case "X":
        this.implPath();
        return `<${this.type()} as ${this.path()}>`;
      case "Y":
        return `<${this.type()} as ${this.path()}>`;
      case "N": {
        const namespace = this.next();
        const [path, name] = [this.path(), this.identifier()];
        if (namespace === "C") return `${path}::{closure}`;
        if (namespace === "S") return `${path}::{shim}`;
        return name === "" ? path : `${path}::${name}`;
      }
      case "I":
        return `${this.path()}<${this.until(() => this.argument()).filter(Boolean).join(", ")}>`;
      case "B":
        return this.back(() => this.path());
      default:
        throw new Error("no path");
    }
  }

  implPath() {
    if (this.take("s")) this.base62();
    this.path();
  }

  /** A lifetime is nothing. */
  argument() {
    if (this.take("L")) {
      this.base62();
      return "";
    }
    return this.take("K") ? this.constant() : this.type();
  }

  constant() {
    if (this.take("B")) return this.back(() => this.constant());
    if (this.take("p")) return "_";
    this.type();
    const end = this.text.indexOf("_", this.at);
    const digits = this.text.slice(this.at, end);
    this.at = end + 1;
    return `0x${digits}`;
  }

  lifetime() {
    if (this.take("L")) this.base62();
  }

  type() {
    const letter = this.next();
    switch (letter) {
      case "A":
        return `[${this.type()}; ${this.constant()}]`;
      case "S":
        return `[${this.type()}]`;
      case "T":
        return `(${this.until(() => this.type()).join(", ")})`;
      case "R":
        this.lifetime();
        return `&${this.type()}`;
      case "Q":
        this.lifetime();
        return `&mut ${this.type()}`;
      case "P":
        return `*const ${this.type()}`;
      case "O":
        return `*mut ${this.type()}`;
      case "F":
        return this.signature();
      case "D":
        return this.bounds();
      case "B":
        return this.back(() => this.type());
      default:
        if (BASIC[letter]) return BASIC[letter];
        this.at -= 1;
        return this.path();
    }
  }

  signature() {
    if (this.take("G")) this.base62();
    this.take("U");
    if (this.take("K") && !this.take("C")) this.identifier();
    const parameters = this.until(() => this.type());
    return `fn(${parameters.join(", ")}) -> ${this.type()}`;
  }

  bounds() {
    if (this.take("G")) this.base62();
    const traits = this.until(() => {
      const path = this.path();
      const bindings = [];
      while (this.take("p")) bindings.push(`${this.identifier()} = ${this.type()}`);
      return bindings.length ? `${path}<${bindings.join(", ")}>` : path;
    });
    this.lifetime();
    return `dyn ${traits.join(" + ")}`;
  }
}
