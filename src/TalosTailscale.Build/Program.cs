using TalosTailscale.Build.Help;
using TalosTailscale.Build.Package;

switch (args)
{
    case ["help", var sources, var target]:
        HelpFiles.Build(sources, target);
        return 0;
    case ["help-update", var sources]:
        foreach (var (path, text) in HelpFiles.Updated(sources))
            File.WriteAllText(path, text);
        return 0;
    case ["pack", var root, var bin, var output]:
        var (folder, package) = ModulePackage.Write(root, bin, output);
        Console.WriteLine(folder);
        Console.WriteLine(package);
        return 0;
    default:
        Console.Error.WriteLine(
            """
            help DOCS OUTPUT       makes the files of Get-Help of the pages
            help-update DOCS       brings the syntax blocks and the table of errors up to date with the code
            pack ROOT BIN OUTPUT   lays out the module and packs it
            """
        );
        return 2;
}
