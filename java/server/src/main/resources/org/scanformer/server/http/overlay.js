'use strict';

// Draws an answer over its picture, as the command line does: boxes of the scales in red, green and
// blue, and darker the less finely a place was looked at.

const SCALE_COLORS = ['#ff3030', '#28dc3c', '#326eff', '#ffd200', '#e63ce6'];

const MIN_LONG_SIDE = 640;

/** The colour of a scale's box. */
function scaleColor(scale) {
  return SCALE_COLORS[scale % SCALE_COLORS.length];
}

/**
 * Draws a picture into a canvas, which gets its shape.
 *
 * @param canvas where to draw
 * @param picture an image bitmap
 * @param location the answer's JSON, or null
 * @param show {boxes, looked}: what to draw over it
 */
function drawAnswer(canvas, picture, location, show) {
  // A small picture is enlarged, so that boxes do not hide what is in them.
  const factor = Math.max(1, Math.ceil(MIN_LONG_SIDE / Math.max(picture.width, picture.height)));
  canvas.width = picture.width * factor;
  canvas.height = picture.height * factor;
  const context = canvas.getContext('2d');
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  if (location && show.looked) {
    drawLooked(context, canvas, location.scales);
  }
  if (location && show.boxes) {
    for (const scale of location.scales) {
      if (scale.box_cxcywh) {
        drawBox(context, canvas, scale.box_cxcywh, scaleColor(scale.scale));
      }
    }
  }
}

function drawBox(context, canvas, box, color) {
  const [cx, cy, w, h] = box;
  const stroke = Math.max(2, Math.max(canvas.width, canvas.height) / 200);
  const at = [
    (cx - w / 2) * canvas.width,
    (cy - h / 2) * canvas.height,
    w * canvas.width,
    h * canvas.height,
  ];
  // A dark edge keeps the box visible on any background.
  context.strokeStyle = '#000000';
  context.lineWidth = stroke * 1.8;
  context.strokeRect(...at);
  context.strokeStyle = color;
  context.lineWidth = stroke;
  context.strokeRect(...at);
}

/** Every patch of the finest grid, by the finest scale at which it was looked at. */
function drawLooked(context, canvas, scales) {
  const finest = scales[scales.length - 1];
  // Whole pixels, so that neighbours leave no seam.
  const x = (col) => Math.round((col * canvas.width) / finest.cols);
  const y = (row) => Math.round((row * canvas.height) / finest.rows);
  for (let row = 0; row < finest.rows; row++) {
    for (let col = 0; col < finest.cols; col++) {
      const missing = scales.length - 1 - deepest(scales, row, col);
      if (missing > 0) {
        context.fillStyle = `rgba(0, 0, 0, ${Math.min(0.8, 0.4 * missing)})`;
        context.fillRect(x(col), y(row), x(col + 1) - x(col), y(row + 1) - y(row));
      }
    }
  }
}

/** The finest scale that selected a patch of the finest grid; -1 for none. */
function deepest(scales, row, col) {
  for (let s = scales.length - 1; s >= 0; s--) {
    const shift = scales.length - 1 - s;
    const index = (row >> shift) * scales[s].cols + (col >> shift);
    if (scales[s].mask[index] === '1') {
      return s;
    }
  }
  return -1;
}
