namespace TalosTailscale.Core.Boot.Esp;

/// <summary>What was read of a node's EFI system partition, for the planner.</summary>
/// <param name="Info">What the user sees.</param>
/// <param name="Listing">The raw listing.</param>
/// <param name="Loader">Variables, as far as they could be read, and <c>loader.conf</c>.</param>
/// <param name="Target">The file of the booted entry; null when it is not there.</param>
/// <param name="CanExchange">Whether the shell can exchange two names; else a second copy is needed.</param>
/// <param name="Unsafe">Files in <c>EFI/Linux</c> that must not be deleted, with the reason.</param>
/// <param name="Room">Room for more names in <c>EFI/Linux</c>.</param>
internal sealed record EspState(
    EspInfo Info,
    EspListing Listing,
    LoaderState Loader,
    EspFile? Target,
    bool CanExchange,
    IReadOnlyDictionary<string, string> Unsafe,
    FolderRoom Room
)
{
    /// <summary>Whether deleting the file can harm another one.</summary>
    internal bool MayRemove(string name) => !Unsafe.ContainsKey(name);
}
