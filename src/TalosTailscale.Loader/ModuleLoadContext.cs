using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace TalosTailscale;

/// <summary>
/// The load context in which the module and all of its dependencies live, so that the YamlDotNet, protobuf or
/// Kubernetes client of another module in the same session never meets ours.
/// </summary>
/// <remarks>One per process and never collected: PowerShell keeps cmdlet types for the life of the process.</remarks>
public sealed class ModuleLoadContext : AssemblyLoadContext
{
    private const string ModuleAssembly = "TalosTailscale";
    private static readonly object s_gate = new();
    private static ModuleLoadContext? s_instance;

    private readonly string _folder;
    private readonly string[] _folders;
    private readonly Assembly _loader = typeof(ModuleLoadContext).Assembly;
    private Assembly? _module;

    private ModuleLoadContext(string folder)
        : base(ModuleAssembly, isCollectible: false)
    {
        _folder = folder;
        // Machine code first, where the package brings it for this system; an older runtime could not take it.
        _folders = Environment.Version.Major >= 10 ? [Path.Combine(folder, RunningSystem), folder] : [folder];
    }

    /// <summary>The folder below <c>module/bin</c> with machine code for the system that runs, such as <c>linux-x64</c>.</summary>
    internal static string RunningSystem { get; } =
        (
            OperatingSystem.IsWindows() ? "win-"
            : OperatingSystem.IsMacOS() ? "osx-"
            : "linux-"
        ) + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    /// <summary>Loads the cmdlet assembly into the context, once per process.</summary>
    /// <param name="folder">The folder that holds the module's assemblies (<c>module/bin</c>).</param>
    /// <returns>The cmdlet assembly, the same one at every call.</returns>
    /// <exception cref="InvalidOperationException">The process already loaded the module from another folder.</exception>
    public static Assembly Initialize(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        lock (s_gate)
        {
            s_instance ??= new ModuleLoadContext(full);
            if (!string.Equals(s_instance._folder, full, StringComparison.Ordinal))
                throw new InvalidOperationException(
                    $"TalosTailscale is already loaded from '{s_instance._folder}' and cannot be loaded from '{full}' "
                        + "in the same process. Start a new session."
                );
            return s_instance._module ??= s_instance.LoadFromAssemblyPath(
                s_instance.Find(ModuleAssembly) ?? Path.Combine(full, ModuleAssembly + ".dll")
            );
        }
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        ArgumentNullException.ThrowIfNull(assemblyName);

        // Model types must be the same for scripts and for the module, and the engine is the host's.
        if (assemblyName.Name == _loader.GetName().Name)
            return _loader;
        if (assemblyName.Name == "System.Management.Automation")
            return null;
        return Find(assemblyName.Name) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    private string? Find(string? name)
    {
        foreach (var folder in _folders)
        {
            var path = Path.Combine(folder, name + ".dll");
            if (File.Exists(path))
                return path;
        }

        return null;
    }
}
