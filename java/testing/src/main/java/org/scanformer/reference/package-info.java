/**
 * A float64 reference of the model, written from its specification and independent of the engine,
 * with random models, images and expressions for it and for the engine.
 */
package org.scanformer.reference;
