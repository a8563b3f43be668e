"""Peripherals of STMicroelectronics' STM32 families."""
