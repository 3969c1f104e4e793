using System.Diagnostics;

namespace TalosTailscale.Tests.Talos;

/// <summary>The openssl of this machine.</summary>
internal static class OpenSsl
{
    public static void Require()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string name = OperatingSystem.IsWindows() ? "openssl.exe" : "openssl";
        if (!Array.Exists(folders, folder => File.Exists(Path.Combine(folder, name))))
            Assert.Skip("openssl is not on this machine's PATH.");
    }

    // An openssl that refuses its arguments must not hold up the run.
    public static CancellationTokenSource Limit()
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        return limit;
    }

    public static Process Start(params string[] arguments)
    {
        var info = new ProcessStartInfo("openssl")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        return Process.Start(info)!;
    }
}
