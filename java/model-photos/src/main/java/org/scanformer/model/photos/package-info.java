/** The bundled model of photographs: its files, and the provider that the service loader finds. */
package org.scanformer.model.photos;
