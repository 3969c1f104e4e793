namespace TalosTailscale.Tests.Engine;

/// <summary>Where the checkout lies that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Manifest => Path.Combine(Root, "TalosTailscale.psd1");

    public static string Devices => Path.Combine(Root, "devices");

    /// <summary>The sets of cases beside the checkout, or null where they are not laid out.</summary>
    public static string? SharedTestData(string set)
    {
        string folder = Path.GetFullPath(Path.Combine(Root, "..", "shared", "testdata", set));
        return Directory.Exists(folder) ? folder : null;
    }

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "TalosTailscale.psd1")))
                return folder.FullName;
        throw new DirectoryNotFoundException($"No checkout found above '{AppContext.BaseDirectory}'.");
    }
}
