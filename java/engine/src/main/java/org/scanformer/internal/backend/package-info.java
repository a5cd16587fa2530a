/**
 * The seam between Java and the C API: the operations of the model, the arrays and tables they work
 * on, and what a backend has to provide. Nothing here knows of models, files or requests.
 */
package org.scanformer.internal.backend;
