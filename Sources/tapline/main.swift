import Commands

EntryPoint.main()
