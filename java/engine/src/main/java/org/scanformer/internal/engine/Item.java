package org.scanformer.internal.engine;

import org.scanformer.Image;
import org.scanformer.SelectionPolicy;

/**
 * One request of a batch, ready to run.
 *
 * @param ids the text's token ids, or null when it is encoded already
 * @param text the encoded text, or null
 */
record Item(Image image, int[] ids, TextKv text, SelectionPolicy selection) {}
