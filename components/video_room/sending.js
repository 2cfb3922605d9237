/** Sending a file to the server with a word about how far it is, and what the server answered in its own words. */

/**
 * Rejects with the server's message, or with an empty one when there was no answer.
 * @param {"PUT" | "POST"} method
 * @param {string} url
 * @param {Blob | string} body
 * @param {(part: number) => void} [progress] 0..1
 * @param {number} [ms] then it is given up
 * @returns {Promise<Record<string, any>>}
 */
export function send(method, url, body, progress = () => undefined, ms = 600_000) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.timeout = ms;
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () => {
      const answer = parsed(request.responseText);
      if (request.status >= 200 && request.status < 300) done(answer);
      else failed(new Error(answer.message ?? ""));
    };
    request.onerror = request.onabort = request.ontimeout = () => failed(new Error(""));
    request.send(body);
  });
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
