"""All clocks of the processes at another time: Azure's, that of storage, and the worker's own."""
