using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace TalosTailscale.Lab;

/// <summary>
/// Lets a process host the lab that was not built to: <c>pwsh</c>, into which a test loads this assembly. What the lab
/// needs lies beside it or in the shared framework of ASP.NET Core.
/// </summary>
public static class LabAssemblies
{
    private static int s_registered;

    /// <summary>Finds the lab's dependencies from now on.</summary>
    /// <exception cref="DirectoryNotFoundException">This machine has no ASP.NET Core of the running version.</exception>
    public static void Register()
    {
        if (Interlocked.Exchange(ref s_registered, 1) == 1)
            return;
        string[] folders = [Path.GetDirectoryName(typeof(LabAssemblies).Assembly.Location)!, AspNetCore()];
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            folders
                .Select(folder => Path.Combine(folder, name.Name + ".dll"))
                .Where(File.Exists)
                .Select(context.LoadFromAssemblyPath)
                .FirstOrDefault();
    }

    private static string AspNetCore()
    {
        string runtime = RuntimeEnvironment.GetRuntimeDirectory().TrimEnd(Path.DirectorySeparatorChar);
        string shared = Path.Combine(runtime, "..", "..", "Microsoft.AspNetCore.App");
        string exact = Path.GetFullPath(Path.Combine(shared, Path.GetFileName(runtime)));
        return Directory.Exists(exact)
            ? exact
            : throw new DirectoryNotFoundException(
                $"The lab needs ASP.NET Core {Path.GetFileName(runtime)} in '{exact}'."
            );
    }
}
