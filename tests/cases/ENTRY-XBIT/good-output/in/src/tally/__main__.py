from tally.report import main

main()
