// What a step of a closed task does, from the program that neurogym/loops/wire.py writes.
// Nothing is evaluated as text: each part of the program becomes a function of the names' values.

/** @typedef {any} Expression a number, a boolean, a name, or a list that begins with what is done */
/** @typedef {any[]} Statement */
/** @typedef {{functions: {[name: string]: {args: string[], body: Statement[]}}, tables: {[name: string]: number[]}}} Program */
/** @typedef {{[name: string]: any}} Names */
/** @typedef {(names: Names) => any} Act */
/** @typedef {{[name: string]: (...values: any[]) => any}} Functions */

/** @param {number} a @param {number} b */
const modulo = (a, b) => {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest; // of the sign of b, as Python has it
};

/** @type {Functions} */
const OPERATORS = {
  "+": (a, b) => Number(a) + Number(b), "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b,
  "//": (a, b) => Math.floor(a / b), "%": modulo, "**": (a, b) => a ** b,
  "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
  "==": (a, b) => Number(a) === Number(b), "!=": (a, b) => Number(a) !== Number(b),
  neg: (a) => -a, pos: (a) => +a, not: (a) => !a,
};

/** @type {Functions} */
const NUMERIC = {
  abs: Math.abs, min: Math.min, max: Math.max, int: Math.trunc, float: Number, bool: Boolean,
  sin: Math.sin, cos: Math.cos, tan: Math.tan, asin: Math.asin, acos: Math.acos, atan: Math.atan, atan2: Math.atan2,
  sqrt: Math.sqrt, exp: Math.exp, log: Math.log, floor: Math.floor, ceil: Math.ceil, hypot: Math.hypot,
};

const RETURN = Symbol("return");

class Maker {
  /** @param {Program} program */
  constructor(program) {
    this.tables = program.tables;
    /** @type {Functions} */
    this.made = {...NUMERIC};
    for (const [name, {args, body}] of Object.entries(program.functions)) this.made[name] = this.function(args, body);
  }

  /** @param {string[]} args @param {Statement[]} body */
  function(args, body) {
    const act = this.block(body);
    return (/** @type {any[]} */ ...values) => {
      /** @type {Names} */
      const names = {[RETURN]: undefined};
      args.forEach((name, i) => (names[name] = values[i]));
      act(names);
      return names[/** @type {any} */ (RETURN)];
    };
  }

  /** Whether the function is over after these. @param {Statement[]} statements @returns {Act} */
  block(statements) {
    const acts = statements.map((statement) => this.statement(statement));
    return (names) => acts.some((act) => act(names));
  }

  /** @param {Statement} statement @returns {Act} */
  statement([what, ...rest]) {
    if (what === "=") return this.set(rest[0], this.expression(rest[1]));
    if (what === "do") {
      const act = this.expression(rest[0]);
      return (names) => void act(names);
    }
    if (what === "return") {
      /** @type {Act} */
      const value = rest.length ? this.expression(rest[0]) : () => null;
      return (names) => {
        names[/** @type {any} */ (RETURN)] = value(names);
        return true;
      };
    }
    if (what === "if") {
      const [test, yes, no] = [this.expression(rest[0]), this.block(rest[1]), this.block(rest[2])];
      return (names) => (test(names) ? yes : no)(names);
    }
    if (what === "for") return this.loop(rest[0], rest[1], rest[2]);
    throw new Error(`A program has no statement ${what}.`);
  }

  /** @param {string} counter @param {Expression[]} range @param {Statement[]} body @returns {Act} */
  loop(counter, range, body) {
    const given = range.map((part) => this.expression(part));
    const act = this.block(body);
    return (names) => {
      const [first, second, by = 1] = given.map((part) => part(names));
      const [start, stop] = given.length === 1 ? [0, first] : [first, second];
      for (let k = start; by > 0 ? k < stop : k > stop; k += by) {
        names[counter] = k;
        if (act(names)) return true;
      }
      return false;
    };
  }

  /** @param {Expression} target @param {Act} value @returns {Act} */
  set(target, value) {
    if (typeof target === "string") return (names) => void (names[target] = value(names));
    const [row, place] = [target[1], this.expression(target[2])];
    return (names) => void (names[row][place(names)] = Number(value(names)));
  }

  /** @param {Expression} expression @returns {Act} */
  expression(expression) {
    if (typeof expression === "string") return (names) => names[expression];
    if (!Array.isArray(expression)) return () => expression;
    const [what, ...rest] = expression;
    if (what === "at") return this.entry(rest[0], this.expression(rest[1]));
    if (what === "call") return this.call(rest[0], rest.slice(1).map((part) => this.expression(part)));
    const parts = rest.map((part) => this.expression(part));
    if (what === "?") return (names) => (parts[0](names) ? parts[1] : parts[2])(names);
    if (what === "row") return (names) => parts.map((part) => part(names));
    if (what === "and") return (names) => parts.every((part) => part(names));
    if (what === "or") return (names) => parts.some((part) => part(names));
    const operate = OPERATORS[what];
    if (!operate) throw new Error(`A program has no operator ${what}.`);
    const [a, b] = parts;
    return b ? (names) => operate(a(names), b(names)) : (names) => operate(a(names));
  }

  /** @param {string} row @param {Act} place @returns {Act} */
  entry(row, place) {
    const table = this.tables[row];
    return table ? (names) => table[place(names)] : (names) => names[row][place(names)];
  }

  /** @param {string} name @param {Act[]} args @returns {Act} */
  call(name, args) {
    const act = this.made[name];
    if (!act) throw new Error(`A program has no function ${name}.`);
    return (names) => act(...args.map((arg) => arg(names)));
  }
}

/** @param {Program} program @returns {Functions} */
export function functionsOf(program) {
  return new Maker(program).made;
}

const EFFECT = ["reward", "ends", "performance", "outcome", "responds", "response", "skip"];

// One trial of a closed task, step by step.
export class Loop {
  /**
   * @param {Program} program
   * @param {Wire.Loop} told what the program reads of the trial
   * @param {Float32Array} frames what was painted, [T, C]
   * @param {Wire.Action} rest the action without a key
   */
  constructor(program, told, frames, rest) {
    const made = functionsOf(program);
    this.effect = made.react_;
    this.label = made.best_;
    this.show = made.observe_;
    this.told = told;
    this.frames = frames;
    this.T = told.period.length;
    this.width = frames.length / this.T;
    this.size = Array.isArray(rest) ? rest.length : 0;
    this.state = Float64Array.from(made.begin_(told.conditions), Number);
    this.k = 0;
    this.over = false;
    this.outcome = 0;
    this.performance = 0;
    /** @type {number | null} the action that answered, or the number of the answer */
    this.response = null;
    /** @type {number | null} */
    this.responseStep = null;
  }

  /** @returns {any[]} */
  get where() {
    const {told, k, size} = this;
    const aim = told.aim ? told.aim.slice(k * size, (k + 1) * size) : [0];
    return [told.conditions, this.state, told.period[k], told.since[k], told.steps[k], k === this.T - 1, aim];
  }

  // What there is to see in the current step.
  /** @returns {Float32Array} */
  row() {
    const row = this.frames.slice(this.k * this.width, (this.k + 1) * this.width);
    const {channels} = this.told;
    if (!this.show || !channels) {
      this.show?.(...this.where, row);
      return row;
    }
    const own = Float32Array.from(channels, (channel) => row[channel]);
    this.show(...this.where, own);
    channels.forEach((channel, i) => (row[channel] = own[i]));
    return row;
  }

  // The best action, or what is right where actions are graded.
  best() {
    return this.label ? this.called(Number(this.label(...this.where))) : [...this.where[6]];
  }

  // A number of one of the task's own actions, as the trial has it.
  /** @param {number} own */
  called(own) {
    return this.told.action ? this.told.action[own] : own;
  }

  // Acts in the current step, and goes to the next; returns the reward.
  /** @param {Wire.Action} action @returns {number} */
  act(action) {
    const own = this.told.own_action ? this.told.own_action[Number(action)] : action;
    const done = this.effect(...this.where, own);
    const [reward, ends, performance, outcome, responds, response, skip] = EFFECT.map((_, i) => Number(done[i]));
    if (responds && this.response === null) {
      this.response = this.called(response < 0 ? Number(own) : response);
      this.responseStep = this.k;
    }
    const {since, steps} = this.told;
    this.k += skip ? steps[this.k] - since[this.k] : 1;
    this.over = Boolean(ends) || this.k >= this.T;
    if (this.over) [this.outcome, this.performance] = [outcome, performance];
    return reward;
  }
}
