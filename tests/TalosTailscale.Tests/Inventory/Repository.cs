namespace TalosTailscale.Tests.Inventory;

/// <summary>Where the checkout is, found upward from the test binaries.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Devices => Path.Combine(Root, "devices");

    private static string Find()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
            if (File.Exists(Path.Combine(at, "TalosTailscale.slnx")))
                return at;
        throw new InvalidOperationException("The tests do not run from inside the checkout.");
    }
}
