using TalosTailscale.Help;

switch (args)
{
    case ["build", var sources, var target]:
        HelpFiles.Build(sources, target);
        return 0;
    case ["update", var sources]:
        foreach (var (path, text) in HelpFiles.Updated(sources)) File.WriteAllText(path, text);
        return 0;
    default:
        Console.Error.WriteLine("""
            build DOCS OUTPUT   makes the files of Get-Help of the pages
            update DOCS         brings the syntax blocks and the table of errors up to date with the code
            """);
        return 2;
}
