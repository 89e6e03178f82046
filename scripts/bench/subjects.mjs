// The measured subjects, and the tables that show them.

import { DELIVERED } from "./memory.mjs";
import { QUEUED } from "./queued.mjs";

/** The processor's speed is divided by these. DevTools calls a rate of 6 a low-end mobile device. */
export const THROTTLES = [1, 6];

/**
 * @typedef {object} Subject
 * @property {string} key names its values in the results
 * @property {string} label the heading of its column
 * @property {string} unit empty for a plain number, which gets no ratio
 * @property {string} [none] the text of the cell if the value is 0
 */

const number = (value) => value.toLocaleString("en-US");

/** @type {(key: string, label: string, unit: string, none?: string) => Subject} */
const subject = (key, label, unit, none) => ({ key, label, unit, none });

/** A subject for each speed of the processor. */
const throttled = (key, label, unit, none = undefined) =>
  THROTTLES.map((throttle) => subject(`${key} ${throttle}x`, `${label}, ${throttle}x`, unit, none));

/**
 * The tables. `about` explains the subjects; `ours` marks a table of this tracker's builds alone.
 * @type {{ title: string, ours?: boolean, about: string[], subjects: Subject[] }[]}
 */
export const TABLES = [
  {
    title: "A page load with one event",
    about: [
      "The first script after the tag calls one event: a purchase with this tracker, which sends it at once, and a cart event with the others.",
      "*Scripting* is the time in which the main thread runs JavaScript and WebAssembly. *Main thread* is the time of all its tasks. Both are processor time from the start of the navigation until 4 seconds after the load event and the event's request. Chromium compiles WebAssembly on other threads, and that time is not included.",
      "*Longest task*: Chromium reports tasks of 50 ms and more.",
    ],
    subjects: [
      ...throttled("scripting", "scripting", "ms"),
      ...throttled("tasks", "main thread", "ms"),
      ...throttled("longest", "longest task", "ms", "under 50 ms"),
    ],
  },
  {
    title: "The first event, a call, and what is loaded",
    about: [
      "*First event*: the time from the request for the page to the request that carries the event.",
      "*A call*: 1,000 calls in one task after the tracker has started, divided by 1,000.",
      "*Bytes*: the size of the files that a page loads before its first event, compressed with brotli at quality 11.",
      "*Modules*: the number of WebAssembly modules that the page compiles.",
    ],
    subjects: [
      ...throttled("first", "first event", "ms"),
      subject("call", "a call", "µs"),
      subject("bytes", "bytes", "kB"),
      subject("modules", "modules", ""),
    ],
  },
  {
    title: "A call while events are queued",
    ours: true,
    about: [
      "The browser is offline, and the queue holds the number of events that the row names, out of `queue.maxEvents: 100000`. One in ten of the `click` calls is a `basket`. When the outbox in localStorage is full, events are in memory only, and a call takes less time.",
    ],
    subjects: ["click", "consume"].flatMap((verb) =>
      QUEUED.map((queued) => subject(`${verb} ${queued}`, `\`${verb}\`, ${number(queued)} queued`, "µs")),
    ),
  },
  {
    title: "Memory of a page that stays open",
    ours: true,
    about: [
      "The JavaScript heap after garbage collection, and the size of the WebAssembly memory, after the collector has acknowledged the number of events that the row names.",
    ],
    subjects: [
      ["heap", "JavaScript"],
      ["wasm", "WebAssembly"],
    ].flatMap(([key, label]) =>
      DELIVERED.map((delivered) => subject(`${key} ${delivered}`, `${label}, ${number(delivered)} events`, "kB")),
    ),
  },
];
