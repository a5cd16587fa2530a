'use strict';

const HISTORY_LENGTH = 20;
const byId = (id) => document.getElementById(id);

/** The picture at hand: {blob, bitmap}. */
let current = null;

/** The answer that is shown; null while there is none. */
let shown = null;

/** Counts requests, so that a late answer does not replace a newer one. */
let asked = 0;

let stream = null;

function tell(message, bad = false) {
  byId('status').textContent = message;
  byId('status').classList.toggle('bad', bad);
}

function draw() {
  if (current) {
    byId('figure').hidden = false;
    drawAnswer(byId('picture'), current.bitmap, shown, {
      boxes: byId('boxes').checked,
      looked: byId('looked').checked,
    });
  }
}

async function usePicture(blob) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch (failure) {
    tell('This browser cannot read that file as a picture.', true);
    return;
  }
  current = { blob, bitmap };
  shown = null;
  byId('words').hidden = true;
  byId('legend').replaceChildren();
  byId('picture').setAttribute('aria-label', 'The picture, not asked about yet');
  draw();
  tell(`Picture of ${bitmap.width} × ${bitmap.height} pixels. What is to be found in it?`);
  byId('text').focus();
}

/** Sends the picture and the expression; gives the answer, or throws what is wrong. */
async function locate(text) {
  const form = new FormData();
  form.append('image', current.blob);
  form.append('text', text);
  form.append('schedule', 'per-scale');
  if (byId('model').value) {
    const [name, version] = byId('model').value.split(':');
    form.append('model', name);
    form.append('version', version);
  }
  const response = await fetch('v1/locate', { method: 'POST', body: form, headers: headers() });
  const json = await response.json();
  if (response.status === 401) {
    byId('token-row').hidden = false;
    byId('token').focus();
  }
  if (!response.ok) {
    throw new Error(json.detail);
  }
  return json;
}

function headers() {
  const token = byId('token').value;
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function ask() {
  const text = byId('text').value.trim();
  if (!current || !text) {
    tell(current ? 'Say what is to be found.' : 'Choose a picture first.', true);
    return;
  }
  const number = ++asked;
  const picture = current;
  const begun = performance.now();
  tell('Looking …');
  try {
    const location = await locate(text);
    if (number === asked && picture === current) {
      const milliseconds = performance.now() - begun;
      show(location, text, milliseconds);
      remember(picture, text, location, milliseconds);
    }
  } catch (failure) {
    if (number === asked) {
      tell(failure.message || 'The server cannot be reached.', true);
    }
  }
}

function outcome(location) {
  const score = location.score === null ? '' : ` (score ${location.score.toFixed(3)})`;
  return (location.found ? 'Found' : 'Not found') + score;
}

function show(location, text, milliseconds) {
  shown = location;
  const model = location.timings_ms.total.toFixed(1);
  tell(`${outcome(location)}: “${text}”. Model ${model} ms, in all ${milliseconds.toFixed(0)} ms.`);
  byId('picture').setAttribute(
    'aria-label',
    `${outcome(location)}. Box from ${Math.round(location.box.x)}, ${Math.round(location.box.y)},`
      + ` ${Math.round(location.box.width)} wide, ${Math.round(location.box.height)} high`,
  );
  tellWords(location);
  byId('legend').replaceChildren(...location.scales.filter((s) => s.box_cxcywh).map(legendEntry));
  draw();
}

function tellWords(location) {
  const unknown = location.unknown_words.map(
    (word) => `“${word.word}”` + (word.suggestions.length ? ` (${word.suggestions.join(', ')}?)` : ''),
  );
  const parts = [];
  if (unknown.length) {
    parts.push(`The model does not know ${unknown.join(', ')}.`);
  }
  if (location.truncated) {
    parts.push('The expression is too long; its end was not read.');
  }
  byId('words').textContent = parts.join(' ');
  byId('words').hidden = parts.length === 0;
}

function legendEntry(scale) {
  const entry = document.createElement('li');
  const names = 'http://www.w3.org/2000/svg';
  const swatch = document.createElementNS(names, 'svg');
  const square = document.createElementNS(names, 'rect');
  square.setAttribute('width', '100%');
  square.setAttribute('height', '100%');
  square.setAttribute('fill', scaleColor(scale.scale));
  swatch.setAttribute('aria-hidden', 'true');
  swatch.append(square);
  entry.append(swatch, `Scale ${scale.scale}: ${scale.selected} of ${scale.total} patches`);
  return entry;
}

function remember(picture, text, location, milliseconds) {
  const entry = document.createElement('li');
  const button = document.createElement('button');
  const thumbnail = thumbnailOf(picture.bitmap, location);
  button.type = 'button';
  button.append(thumbnail, `${text}: ${outcome(location)}`);
  button.addEventListener('click', () => {
    current = picture;
    byId('text').value = text;
    show(location, text, milliseconds);
  });
  entry.append(button);
  byId('history').prepend(entry);
  byId('history-empty').hidden = true;
  while (byId('history').children.length > HISTORY_LENGTH) {
    byId('history').lastElementChild.remove();
  }
}

/** Small, as a history of large pictures would take much memory. */
function thumbnailOf(bitmap, location) {
  const whole = document.createElement('canvas');
  drawAnswer(whole, bitmap, location, { boxes: true, looked: false });
  const thumbnail = document.createElement('canvas');
  thumbnail.width = 256;
  thumbnail.height = Math.max(1, Math.round((256 * bitmap.height) / bitmap.width));
  thumbnail.getContext('2d').drawImage(whole, 0, 0, thumbnail.width, thumbnail.height);
  thumbnail.setAttribute('aria-hidden', 'true');
  return thumbnail;
}

async function openCamera() {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch (failure) {
    tell('The camera cannot be used: it is missing, in use, or not allowed.', true);
    return;
  }
  byId('video').srcObject = stream;
  byId('live').hidden = false;
  byId('shoot').focus();
}

function closeCamera() {
  if (stream) {
    stream.getTracks().forEach((track) => track.stop());
    stream = null;
  }
  byId('live').hidden = true;
}

function takePicture() {
  const video = byId('video');
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d').drawImage(video, 0, 0);
  canvas.toBlob((blob) => {
    closeCamera();
    usePicture(blob);
  }, 'image/jpeg', 0.92);
}

async function listModels() {
  const response = await fetch('v2', { headers: headers() });
  if (response.status === 401) {
    byId('token-row').hidden = false;
    return;
  }
  const { models } = await response.json();
  byId('model-row').hidden = models.length < 2;
  byId('model').replaceChildren(
    ...models.map((model) => new Option(`${model.name}, version ${model.version}`,
      `${model.name}:${model.version}`)),
  );
}

function firstPicture(items) {
  return [...items].find((file) => file.type.startsWith('image/'));
}

byId('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  ask();
});
byId('file').addEventListener('change', () => {
  if (byId('file').files.length) {
    usePicture(byId('file').files[0]);
  }
});
byId('camera').addEventListener('click', openCamera);
byId('shoot').addEventListener('click', takePicture);
byId('stop').addEventListener('click', closeCamera);
byId('boxes').addEventListener('change', draw);
byId('looked').addEventListener('change', draw);
byId('token').addEventListener('change', listModels);
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  byId('drop').classList.add('over');
});
document.addEventListener('dragleave', () => byId('drop').classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  byId('drop').classList.remove('over');
  const file = firstPicture(event.dataTransfer.files);
  if (file) {
    usePicture(file);
  } else {
    tell('That is not a picture.', true);
  }
});
document.addEventListener('paste', (event) => {
  const file = firstPicture(event.clipboardData.files);
  if (file) {
    usePicture(file);
  }
});
document.addEventListener('keydown', (event) => {
  const typing = event.target.matches('input[type="text"], input[type="password"], select');
  if (event.key === '/' && !typing) {
    event.preventDefault();
    byId('text').focus();
  }
});
listModels().catch(() => tell('The server cannot be reached.', true));
