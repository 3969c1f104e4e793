namespace TalosTailscale.Benchmarks;

/// <summary>The checkout above the benchmarks, whose module is measured.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    public static string Manifest => Path.Combine(Root, "TalosTailscale.psd1");

    /// <summary>What the module is made of here: a Release build adds machine code for this system, as packages have it.</summary>
    public static string Code =>
        File.Exists(Path.Combine(Root, "module", "bin", ModuleLoadContext.RunningSystem, "TalosTailscale.dll"))
            ? $"machine code for {ModuleLoadContext.RunningSystem}"
            : "IL only";

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "TalosTailscale.psd1")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No checkout above '{AppContext.BaseDirectory}'.");
    }
}
