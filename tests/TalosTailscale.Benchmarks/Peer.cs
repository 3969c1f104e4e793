namespace TalosTailscale.Benchmarks;

/// <summary>Programs to be held against, where they are installed.</summary>
internal static class Peer
{
    public static bool Has(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder =>
                folder.Length > 0
                && (File.Exists(Path.Combine(folder, tool)) || File.Exists(Path.Combine(folder, tool + ".exe")))
            );

    /// <summary>What the table says of a peer: its figure, or that it is not there.</summary>
    public static string Figure(string tool, double milliseconds) =>
        double.IsNaN(milliseconds) ? $"{tool}: not installed" : $"{tool}: {Figures.Milliseconds(milliseconds)}";

    /// <summary>Whether we are at most this many times as slow as the peer; null when it was not measured.</summary>
    public static bool? Within(double ours, double factor, double peer) =>
        double.IsNaN(peer) ? null : ours <= factor * peer;
}
