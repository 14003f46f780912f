// Types of the player's messages (docs/player.md), for the checker alone: no file imports this one.

// Of HTML, SVG or MathML, as all elements of a page are; browsers write numbers and booleans as text.
interface Element extends HTMLOrSVGElement {
  setAttribute(name: string, value: string | number | boolean): void;
}

/** What goes between the player and the server. A field with `?` is there where it has a meaning. */
declare namespace Wire {
  type Row = ArrayLike<number>;
  /** An element of a scene: plain data, any number perhaps a binding. */
  type Primitive = {[field: string]: any};
  /** [first step, step after the last] */
  type Window = [number, number];
  /** A number, or a list of them where actions are graded. */
  type Action = number | number[];
  /** [the panel, of how many] */
  type Panel = [number, number];

  // ---- server to browser ----

  interface Config {
    type: "config";
    run: string;
    n_trials: number;
    n_done: number;
    title: string;
    instruction: string;
    mode: "open" | "lockstep";
    task: string;
    /** who plays, if he has a name */
    who?: string;
    view: "scene" | "channels";
    feedback: "outcome" | "reward" | null;
    feedback_ms: number;
    earns: boolean;
    iti_ms: number;
    preload: number;
    remap: boolean;
    hold: boolean;
    keys: Key[];
    dial: Dial | null;
    channels: Group[];
    next: {step: string, text: string}[];
    hand?: Hand;
    /** of each closed task that a trial can be of: what its steps do, see loops.js */
    programs?: {functions: {[name: string]: {args: string[], body: any[]}}, tables: {[name: string]: number[]}}[];
    sound?: boolean;
    parts?: {title: string, instruction: string}[];
    shared?: boolean;
    /** of a run that a page began: whether it is stored; queries by its settings, by its name, and of the next run */
    stored?: boolean;
    address?: string;
    named?: string;
    again?: string;
  }

  interface Key {
    code: string;
    label: string;
    action: number;
    name: string;
    part?: number;
  }

  interface Dial {
    actions: number[];
    names: string[];
    angles: number[];
    part?: number;
  }

  /** What keys and mouse make of actions that are numbers. */
  interface Hand {
    rest: number[];
    low: number[];
    high: number[];
    start: number[];
    presses: ["hold" | "move" | "toggle", [number, number][]][];
    point: [number, "x" | "y", number, number][];
    click: number | null;
    only: number | null;
    once?: boolean;
  }

  /** Channels of observations that belong together. */
  interface Group {
    name: string;
    start: number;
    size: number;
    part?: number;
  }

  /** Payoffs, flat [K, S, A], and the kind of each step. */
  interface Table {
    kind: Uint16Array;
    reward: Float32Array;
    outcome: Uint8Array;
    ends: Uint8Array;
    next: Uint8Array;
    response: Uint16Array;
    shape: [number, number, number];
  }

  /** The table is that of open trials of one task; those of several at once have `parts`. */
  interface Trial extends Partial<Table> {
    type: "trial";
    uid: string;
    index: number;
    attempt: number;
    dt: number;
    T: number;
    periods: [string, number, number][];
    window: Window | null;
    /** the step from which the response time counts */
    counted?: number;
    /** of several answers their names and steps; the period with whose onset a produced interval begins, and how long it should be in ms */
    asked?: {slots: [string, number, number][], since: string | null, due: number | null};
    frames: Float32Array;
    /** the channels that carry noise in this trial */
    noisy?: Uint16Array;
    scene: Primitive[];
    seed: number;
    keys?: Key[];
    dial?: Dial | null;
    echo?: Echo[];
    echo_first?: [number, number];
    parts?: Part[];
    shared?: boolean;
    loop?: Loop;
  }

  /** What the program of a closed task reads of a trial, and of each of its steps, [T]; `aim` [T, k] where actions are graded. */
  interface Loop {
    conditions: number[];
    period: Uint8Array;
    since: Uint16Array;
    steps: Uint16Array;
    aim?: Float32Array;
    /** which of the programs */
    program: number;
    /** whether an action lasts as long as its key is down */
    hold: boolean;
    /** of tasks that take turns: the trial's channel, and its action, for each of the task's own; and what each action of the trial is to it */
    channels?: Uint16Array;
    action?: Uint16Array;
    own_action?: Uint16Array;
  }

  /** Channels that show what was done, or earned, in the step before. */
  interface Echo {
    what: "action" | "reward";
    start: number;
    size: number;
    one_hot: boolean;
  }

  /** One of several tasks at once; the optional fields are those of a task that the trial has. */
  interface Part extends Partial<Table> {
    on: boolean;
    at: number;
    action: Uint16Array;
    weight: number;
    T?: number;
    window?: Window | null;
    counted?: number;
    gt?: Uint16Array;
    channels?: number[];
    periods?: string[];
  }

  /** What a step of a lockstep trial shows. The first one comes with the trial, the others with what the last action brought. */
  interface Seen {
    ob: Float32Array;
    active: string[];
    window: boolean;
    k?: number;
  }

  interface Obs extends Seen {
    type: "obs";
    uid: string;
    k: number;
    reward: number;
    outcome: number;
    ends: boolean;
    response?: number;
    response_step?: number;
  }

  /** Stored, or refused with a reason. */
  interface Ack {
    type: "ack";
    uid: string;
    n_done?: number;
    accuracy?: number | null;
    reward?: number | null;
    median_rt?: number | null;
    slower?: number;
    refused?: string;
    keep?: boolean;
  }

  /** The line is there again: how the run went so far. */
  interface Resumed {
    type: "resumed";
    n_done: number;
    accuracy: number | null;
    reward?: number | null;
    median_rt: number | null;
    slower: number;
  }

  type FromServer = Resumed | Config | Trial | Obs | Ack | {type: "done"} | {type: "pong"} | {type: "error", message: string, later?: boolean};

  // ---- browser to server ----

  type Interruption = "hidden" | "pause" | "stop" | "reload";

  /** Counts, or whether something happened; only what did. */
  interface Flags {
    early?: number;
    repeat?: number;
    extra?: number;
    blur?: number;
    hidden?: number;
    resize?: number;
    late_steps?: number;
    sound?: boolean;
    late_sounds?: number;
    refresh_changed?: boolean;
    interrupted?: Interruption;
  }

  /** A period that was on the screen: [name, onset_ms, shown_ms], null where it was cut off. */
  type Shown = [string, number, number | null];

  /** What is counted in a trial. */
  type Count = "early" | "repeat" | "extra" | "blur" | "hidden" | "resize" | "late_steps";

  /** How a trial went, or one of several tasks in it. */
  interface Result {
    onset_ms: number | null;
    key_ms: number | null;
    rt_ms: number | null;
    response: number | null;
    outcome: number;
    reward: number;
  }

  /** Width and height in CSS pixels of stage, window and screen; pixels a CSS pixel. */
  interface Sizes {
    stage: [number, number];
    window: [number, number];
    screen: [number, number];
    ratio: number;
  }

  interface Record extends Result {
    type: "record";
    uid: string;
    index: number;
    attempt: number;
    run: string;
    actions: [number, Action][];
    origin_ms: number;
    start_ms: number | null;
    iti_ms: number | null;
    screen?: Sizes;
    frames: number;
    late_frames: number | null;
    refresh_hz: number | null;
    periods: Shown[];
    flags: Flags;
    parts?: (Result | null)[];
    /** Of several answers, those that were asked for. */
    answers?: {name: string, onset_ms: number | null, key_ms: number | null, rt_ms: number | null}[];
    /** From the onset with which it begins to the key. */
    produced_ms?: number | null;
    /** What is on the key of each action. */
    keys?: {[action: string]: string};
    /** What was shown: the scene, the agent's view, or one after the other. */
    view?: "scene" | "channels" | "both";
    /** The query by which the run can be made. */
    address?: string;
  }

  type FromPlayer = Record | {type: "ready"} | {type: "resume", have: string[]} | {type: "act", uid: string, k: number, action: Action}
    | {type: "ping"} | {type: "more"} | {type: "stop"} | {type: "next", step: string};
}

/** What Panel hands to a component: its parameters, and how to talk with Python. */
declare namespace Panel {
  interface Model<Message> {
    /** Throws while the socket is down. */
    send_msg(message: Message): void;
    /** Calls `act` with a message from Python, a change of a parameter, or a stage of the component's life. */
    on(event: string, act: (message: any) => void): void;
  }
}
