// The error that listeners of "warning" and `onWarning` get.

export class TrackerError extends Error {
  constructor({ code, field, message }) {
    super(message);
    this.name = "TrackerError";
    this.code = code;
    if (field) this.field = field;
  }
}
