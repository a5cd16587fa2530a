/**
 * Trains a model with PyTorch: data, losses, the training form of the model, the loop, and the
 * export of a model directory.
 */
package org.scanformer.trainer;
