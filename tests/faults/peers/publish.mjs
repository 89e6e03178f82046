// docs/peers.md: what a run with other trackers has counted.
export function publishPeers() {}
