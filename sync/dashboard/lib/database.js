// What this browser keeps for a hub, in IndexedDB: proposals that wait, and what was shown last.

const NAME = "stackroom", VERSION = 2;
const STORES = {
  proposals: { keyPath: "id" },
  numbers: {}, // the last number that a replica used in a profile, by [replica, profile]
  keys: {}, // by which a replica signs; no script reads the private half
  worlds: {}, // what was shown last, by profile
};

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) {
        if (!asked.result.objectStoreNames.contains(name)) asked.result.createObjectStore(name, options);
      }
    };
    asked.onsuccess = () => {
      // A newer page in another tab may change the stores: this one lets go.
      asked.result.onversionchange = () => (asked.result.close(), (opened = null));
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
  opened.catch(() => (opened = null));
  return opened;
}

// Runs `work(stores)` as one transaction over the named stores; resolves with what it gives once all of that is
// durable. `work` may await nothing but requests of its own, made by `of`.
export async function write(names, work) {
  return run(names, "readwrite", work);
}

export async function read(names, work) {
  return run(names, "readonly", work);
}

async function run(names, mode, work) {
  const database = await open();
  const transaction = database.transaction(names, mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });
  const stores = Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)]));
  let result;
  try {
    result = await work(stores);
  } catch (error) {
    done.catch(() => {}); // What went wrong is told by `error`.
    if (transaction.error === null) transaction.abort();
    throw error;
  }
  await done;
  return result;
}

// What a request of a transaction comes to.
export const of = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
