/* What the program does, for whoever has the main loop: main.c, or a framework that has its own. */
#ifndef TC_PROGRAM_H
#define TC_PROGRAM_H

#ifdef __cplusplus
extern "C" {
#endif

/* Bring up the platform, the model and the protocol. Called once, before tc_program_poll(). */
void tc_program_start(void);

/* Take one received byte, if there is one, and answer a request that it completes. */
void tc_program_poll(void);

#ifdef __cplusplus
}
#endif

#endif
